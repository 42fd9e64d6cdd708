"""The phone leg as a session sees it: it knows what was heard, and the call decides on barge-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sipagent.audio.playout import Heard

Cut = Callable[[str], Sequence[Heard]]


class LegPlayback:
    """Hands the session's wish to cut an answer on to the call, once it has media."""

    decides_interruptions = True

    def __init__(self) -> None:
        self._cut: Cut | None = None
        self._is_silent: Callable[[], bool] = lambda: True

    def attach(self, cut: Cut, is_silent: Callable[[], bool]) -> None:
        """Take the leg's.

        Args:
            cut: Stops playing and drops what still comes of a response; returns what was heard.
            is_silent: Tells whether nothing is being heard.
        """
        self._cut, self._is_silent = cut, is_silent

    def received(self, item_id: str, content_index: int, duration_ms: float, now: float) -> None:
        """Do nothing: the media port counts what it plays."""

    def finished(self, item_id: str) -> None:
        """Do nothing, as above."""

    def interrupt(self, response_id: str, now: float) -> Sequence[Heard]:
        """Stop playing; return what was heard."""
        return self._cut(response_id) if self._cut is not None else []

    def is_playing(self, now: float) -> bool:
        """Tell whether something is being heard."""
        return not self._is_silent()
