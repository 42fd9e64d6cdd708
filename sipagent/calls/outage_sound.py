"""Plays the filler of outages on a leg: what the caller hears while there is no session."""

from __future__ import annotations

from sipagent.sip.media_port import MediaPort

from .outage import FILLER_ITEM, Filler
from .prompt_sound import PromptSound
from .setup import CallSetup


class OutageSound:
    """The filler of one conversation.

    Args:
        setup: The call's share of its plan.
    """

    def __init__(self, setup: CallSetup) -> None:
        self._sound = PromptSound(FILLER_ITEM, setup.prompts.filler)
        self._filler = Filler()

    @property
    def is_playing(self) -> bool:
        """Tell whether it was begun, and not stopped."""
        return self._filler.is_playing

    def deadline(self) -> float | None:
        """Return when :meth:`look` is due, or None."""
        return self._filler.deadline()

    def start(self, media: MediaPort) -> None:
        """Take the leg's media."""
        self._sound.start(media)

    def lost(self, *, is_silent: bool, now: float) -> None:
        """Note that there is no session; ``is_silent``: and nothing left to be heard."""
        self._filler.lost(is_silent=is_silent, now=now)

    def fell_silent(self, now: float) -> None:
        """Note that everything queued was heard."""
        self._filler.fell_silent(now)

    def look(self, now: float) -> None:
        """Begin it if it is time."""
        if self._filler.is_due(now):
            self._sound.play()

    def played(self) -> None:
        """Begin it again: it was heard to its end."""
        if self._filler.is_playing:
            self._sound.play()

    def stop(self) -> None:
        """Let it not be heard any more."""
        if self._filler.stop():
            self._sound.flush()
