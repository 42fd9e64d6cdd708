"""Words that plans have spoken to callers, in the voice of the embedded engine.

Those that the plans before had as well are not spoken again, so that an edit of anything else
costs nothing.

| resource | acquired                    | released | on failure                   |
|----------|-----------------------------|----------|------------------------------|
| speaker  | first words that are new    | ``rest`` | the next words start another |
"""

from __future__ import annotations

from sipagent.engine.tts.speaker import Speaker
from sipagent.engine.tts.voices import EspeakVoice

from .setup import Prompt


class SpokenPrompts:
    """Speak, and remember what the plans in use have spoken."""

    def __init__(self) -> None:
        self._speaker = Speaker()
        self._known: dict[tuple[str, EspeakVoice], Prompt] = {}
        self._asked: dict[tuple[str, EspeakVoice], Prompt] = {}

    async def speak(self, words: str, voice: EspeakVoice) -> Prompt:
        """Return the words as sound, which may be empty.

        Raises:
            EngineError: If the voice failed.
        """
        made = self._known.get((words, voice))
        if made is None:
            pcm = await self._speaker.speak(words, voice)
            made = Prompt(pcm, self._speaker.rate_hz)
        self._known[words, voice] = self._asked[words, voice] = made
        return made

    async def rest(self) -> None:
        """End the speaker, and forget what was not asked for since the last rest."""
        self._known, self._asked = self._asked, {}
        await self._speaker.close()
