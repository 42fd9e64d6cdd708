"""Approvals as the supervisor sees them: which are open, and who may still decide.

    unknown  --asked-->                    open
    open     --decide-->                   sent      to the process that asked
    sent     --closed, by the person-->    closed    the one who decided is told so
    open     --closed, too late or gone--> closed
    sent     --closed, too late or gone--> closed    the one who decided is told that it was late
    closed   --anything-->                 closed

The process that asked has the last word, since the call may have ended meanwhile. What is closed is
remembered for a while, so that whoever comes second is told apart from whoever made up an id.

No I/O, no clock. A ``source`` is whatever process asked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto

from .channel import ApprovalAsked, ApprovalClosed, ApprovalDecided

REMEMBERED = 1_000
"""Closed approvals."""


class Fate(Enum):
    """What became of a decision."""

    TAKEN = auto()
    TOO_LATE = auto()
    """Somebody else decided, or nobody in time."""
    UNKNOWN = auto()


class Ending(Enum):
    """How a question ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """Nobody decided in time, or the call is over."""


@dataclass(slots=True)
class _Open:
    source: Hashable
    asked: ApprovalAsked
    settle: Callable[[Fate], None] | None = None
    """Given once a decision is on its way."""
    is_approved: bool = False
    """What that decision says."""


class Approvals:
    """Keep the approvals of all processes."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()

    @property
    def open(self) -> list[ApprovalAsked]:
        """Return what waits for a decision, oldest first."""
        return [each.asked for each in self._open.values() if each.settle is None]

    def asked(self, source: Hashable, asked: ApprovalAsked) -> None:
        """Take a question."""
        self._open[asked.approval_id] = _Open(source, asked)

    def decide(
        self, approval_id: str, is_approved: bool, message: str, settle: Callable[[Fate], None]
    ) -> tuple[Hashable, ApprovalDecided] | Fate:
        """Return whom to tell what, or why there is nothing to decide.

        Args:
            approval_id: Of whichever question.
            is_approved: The word.
            message: For the model, of a rejection.
            settle: Called with what became of it, once that is known.
        """
        found = self._open.get(approval_id)
        if found is None:
            return Fate.TOO_LATE if approval_id in self._closed else Fate.UNKNOWN
        if found.settle is not None:
            return Fate.TOO_LATE
        found.settle, found.is_approved = settle, is_approved
        return found.source, ApprovalDecided(approval_id, is_approved, message)

    def closed(self, closed: ApprovalClosed) -> Ending | None:
        """Note that a question is none any more; return how it ended, None: long ago."""
        found = self._close(closed.approval_id, closed.is_decided)
        if found is None:
            return None
        if not closed.is_decided:
            return Ending.WITHDRAWN
        return Ending.APPROVED if found.is_approved else Ending.REJECTED

    def gone(self, source: Hashable) -> list[str]:
        """Note that a process ended, and its calls with it; return what it had asked."""
        ids = [approval_id for approval_id, each in self._open.items() if each.source == source]
        for approval_id in ids:
            self._close(approval_id, is_decided=False)
        return ids

    def _close(self, approval_id: str, is_decided: bool) -> _Open | None:
        found = self._open.pop(approval_id, None)
        if found is None:
            return None
        self._closed[approval_id] = None
        if len(self._closed) > REMEMBERED:
            self._closed.popitem(last=False)
        if found.settle is not None:
            found.settle(Fate.TAKEN if is_decided else Fate.TOO_LATE)
        return found
