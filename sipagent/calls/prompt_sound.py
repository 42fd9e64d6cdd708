"""Plays prompts on a leg, as items of their own: nobody takes them for what an agent said."""

from __future__ import annotations

from sipagent.sip.media_port import MediaPort

from .setup import Prompt


def play_prompt(media: MediaPort, item_id: str, prompt: Prompt) -> None:
    """Queue all of ``prompt``."""
    media.push(item_id, prompt.at_rate(media.rate_hz))
    media.finish(item_id)


class PromptSound:
    """One prompt that is played whenever it is time.

    Args:
        item_id: What it is called on the leg.
        prompt: None: silence.
    """

    def __init__(self, item_id: str, prompt: Prompt | None) -> None:
        self._item_id, self._prompt = item_id, prompt
        self.is_audible = prompt is not None
        self._media: MediaPort | None = None

    def start(self, media: MediaPort) -> None:
        """Take the leg's media."""
        self._media = media

    def play(self) -> None:
        """Queue it, if there is media and something to be heard."""
        if self._media is not None and self._prompt is not None:
            play_prompt(self._media, self._item_id, self._prompt)

    def flush(self) -> None:
        """Let nothing of it be heard any more: it is played only when nothing else is queued."""
        if self._media is not None:
            self._media.flush()
