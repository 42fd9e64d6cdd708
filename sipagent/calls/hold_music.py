"""What a caller hears who waits for somebody: a prompt, again and again, on their own leg."""

from __future__ import annotations

from sipagent.sip.media_port import MediaPort

from .prompt_sound import PromptSound
from .setup import Prompt

MUSIC_ITEM = "hold-music"


class HoldMusic:
    """Play a prompt over and over.

    Args:
        prompt: None: silence.
    """

    def __init__(self, prompt: Prompt | None) -> None:
        self._sound = PromptSound(MUSIC_ITEM, prompt)
        self._is_on = False

    def start(self, media: MediaPort) -> None:
        """Let it be heard."""
        self._sound.start(media)
        self._is_on = True
        self._sound.play()

    def played(self, item_id: str) -> None:
        """Begin again when it was heard to its end."""
        if item_id == MUSIC_ITEM and self._is_on:
            self._sound.play()

    def stop(self) -> None:
        """Let nothing of it be heard any more; harmless when nothing is."""
        if self._is_on:
            self._is_on = False
            self._sound.flush()
