"""Plays the filler of outages on a leg: what the caller hears while there is no session."""

from __future__ import annotations

from sipagent.sip.media_port import MediaPort

from .outage import FILLER_ITEM, Filler
from .setup import CallSetup


class OutageSound:
    """The filler of one conversation.

    Args:
        setup: The call's share of its plan.
    """

    def __init__(self, setup: CallSetup) -> None:
        self._prompt = setup.prompts.filler
        self._filler = Filler()
        self._media: MediaPort | None = None

    @property
    def is_playing(self) -> bool:
        """Tell whether it was begun, and not stopped."""
        return self._filler.is_playing

    def deadline(self) -> float | None:
        """Return when :meth:`look` is due, or None."""
        return self._filler.deadline()

    def start(self, media: MediaPort) -> None:
        """Take the leg's media."""
        self._media = media

    def lost(self, *, is_silent: bool, now: float) -> None:
        """Note that there is no session; ``is_silent``: and nothing left to be heard."""
        self._filler.lost(is_silent=is_silent, now=now)

    def fell_silent(self, now: float) -> None:
        """Note that everything queued was heard."""
        self._filler.fell_silent(now)

    def look(self, now: float) -> None:
        """Begin it if it is time."""
        if self._filler.is_due(now):
            self._play()

    def played(self) -> None:
        """Begin it again: it was heard to its end."""
        if self._filler.is_playing:
            self._play()

    def stop(self) -> None:
        """Let it not be heard any more."""
        if self._filler.stop() and self._media is not None:
            self._media.flush()  # it is played only when nothing else is queued

    def _play(self) -> None:
        if self._prompt is not None and self._media is not None:
            self._media.push(FILLER_ITEM, self._prompt.at_rate(self._media.rate_hz))
            self._media.finish(FILLER_ITEM)
