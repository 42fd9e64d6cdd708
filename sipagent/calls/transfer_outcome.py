"""What came of a transfer: one word for metrics and record, a few for the agent. Pure.

Statuses are those of the other call, told by NOTIFY (RFC 3515 section 2.4.5), of a refused REFER,
or of our own call to the target (RFC 3261 section 21).
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What came of a transfer."""

    COMPLETED = "completed"
    BRIDGED = "bridged"
    """The two talk, and their audio passes through us."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NOT_IN_USE = "not_in_use"
    DECLINED = "declined"
    """By the target: refused, hung up, or did not press the key."""
    UNSUPPORTED = "unsupported"
    """The caller's telephone cannot be transferred."""
    NOT_APPROVED = "not_approved"
    NO_LINE = "no_line"
    """All our calls are in use, or the target's address cannot be called."""
    ABANDONED = "abandoned"
    """The call ended first."""
    FAILED = "failed"


def outcome_of(status: int) -> Outcome:
    """Return what a status means."""
    match status:
        case _ if 200 <= status < 300:
            return Outcome.COMPLETED
        case 486 | 600:
            return Outcome.BUSY
        case 408 | 480 | 487:
            return Outcome.NO_ANSWER
        case 404 | 410 | 484 | 604:
            return Outcome.NOT_IN_USE
        case 403 | 603:
            return Outcome.DECLINED
        case 405 | 420 | 489 | 501:
            return Outcome.UNSUPPORTED
        case _:
            return Outcome.FAILED


def failure(status: int) -> str:
    """Say why nobody took a transferred call, so that it can be repeated to the caller."""
    match outcome_of(status):
        case Outcome.BUSY:
            return "busy"
        case Outcome.NO_ANSWER:
            return "nobody answered"
        case Outcome.NOT_IN_USE:
            return "the number is not in use"
        case Outcome.DECLINED:
            return "declined"
        case Outcome.UNSUPPORTED:
            return "the caller's telephone cannot be transferred"
        case _ if status < 200:
            return "the caller's telephone did not tell how it went"
        case _ if status == 491:
            return "another transfer is still under way"
        case _:
            return f"status {status}"
