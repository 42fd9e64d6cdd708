"""When an attached call was answered, and how long it has been talked. Pure.

The provider answers, so the caller has waited since its webhook came. A call that a process before
this one had answered is taken as answered when its webhook came, too: nobody noted more.
"""

from __future__ import annotations

from .attached_events import CallResumed
from .facts import CallAnswered
from .journal import JournalEntry


class AttachedAnswer:
    """Note when one call was answered.

    Args:
        entry: What the journal has of the call.
    """

    def __init__(self, entry: JournalEntry) -> None:
        self._entry = entry
        self._answered_at: float | None = None

    @property
    def is_answered(self) -> bool:
        """Tell whether somebody talks, or did."""
        return self._answered_at is not None

    def accepted(self, *, now: float, unix_s: float) -> CallAnswered:
        """Note that the provider answered the caller; return what to tell."""
        self._answered_at = now
        waited_ms = round((unix_s - self._entry.received_at) * 1000)
        return CallAnswered(max(0, waited_ms))  # clocks of two hosts may differ

    def resumed(self, *, now: float, unix_s: float) -> CallResumed:
        """Note that it was answered before; return what that is to the controller."""
        talked_s = self._entry.talked_s(unix_s)
        self._answered_at = now - talked_s
        return CallResumed(talked_s)

    def talked_s(self, now: float) -> float:
        """Return how long ago it was answered, 0.0 if it was not."""
        return 0.0 if self._answered_at is None else now - self._answered_at
