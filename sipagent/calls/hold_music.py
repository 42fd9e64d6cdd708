"""What a caller hears who waits for somebody: a prompt, again and again, on their own leg."""

from __future__ import annotations

from sipagent.sip.media_port import MediaPort

from .setup import Prompt

MUSIC_ITEM = "hold-music"


class HoldMusic:
    """Play a prompt over and over.

    Args:
        prompt: None: silence.
    """

    def __init__(self, prompt: Prompt | None) -> None:
        self._prompt = prompt
        self._media: MediaPort | None = None

    def start(self, media: MediaPort) -> None:
        """Let it be heard."""
        self._media = media
        self._play()

    def played(self, item_id: str) -> None:
        """Begin again when it was heard to its end."""
        if item_id == MUSIC_ITEM:
            self._play()

    def stop(self) -> None:
        """Let nothing of it be heard any more; harmless when nothing is."""
        if self._media is not None:
            self._media.flush()
            self._media = None

    def _play(self) -> None:
        if self._media is not None and self._prompt is not None:
            self._media.push(MUSIC_ITEM, self._prompt.at_rate(self._media.rate_hz))
            self._media.finish(MUSIC_ITEM)
