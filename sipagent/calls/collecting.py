"""Collecting a number that an agent asked for: when it is whole, and what the agent is told.

    WAITING  --press-->                      TYPING
    WAITING  --timeout_s after the prompt--> ended: timeout
    TYPING   --end, or max_digits-->         ended: collected, too_short or invalid
    TYPING   --pause_s without a key-->      ended: the same
    any      --the caller speaks-->          ended: interrupted, if the field says so

No clock runs while the caller has us on hold: nobody is there who could press a key.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

LIMIT_S = 180.0
"""For all of it, however slowly somebody types, or an agent speaks."""

KEPT_HIDDEN = 8
"""Digits of a sensitive number that are never shown, so that short ones show none."""


class Outcome(StrEnum):
    """How a collection ended."""

    COLLECTED = "collected"
    TIMEOUT = "timeout"
    TOO_SHORT = "too_short"
    INVALID = "invalid"
    INTERRUPTED = "interrupted"
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """One number that may be asked for."""

    name: str
    description: str = ""
    min_digits: int = 1
    max_digits: int = 32
    end: str = "#"
    """The key that ends it, and is no part of it; ``""``: none does."""
    timeout_s: float = 10.0
    """For the first key, once the agent is silent."""
    pause_s: float = 5.0
    """For each further key."""
    is_sensitive: bool = False
    show_last: int = 4
    """Digits of a sensitive number that the model is told."""
    check: Literal["", "luhn"] = ""
    ends_on_speech: bool = False


class Collection:
    """Collect one number.

    Args:
        field: Which.
        now: When it was asked for.
    """

    def __init__(self, field: FieldSettings, now: float) -> None:
        self.field = field
        self.digits = ""
        self._has_end = False
        self._held_at: float | None = None
        self._ends_at = now + LIMIT_S
        self._due_at = now + field.timeout_s

    def press(self, key: str, now: float) -> Outcome | None:
        """Take a key; return how it ended, if it did."""
        if key == self.field.end:
            self._has_end = True
            return self._whole()
        self.digits += key
        self._due_at = now + self.field.pause_s
        return self._whole() if len(self.digits) >= self.field.max_digits else None

    def prompted(self, now: float) -> None:
        """Note that the agent is heard until now: nobody waits before that."""
        if not self.digits:
            self._due_at = now + self.field.timeout_s

    def spoke(self) -> Outcome | None:
        """Note that the caller speaks; return how it ended, if it did."""
        return Outcome.INTERRUPTED if self.field.ends_on_speech else None

    def held(self, now: float) -> None:
        """Note that the caller left the line for a while; twice is once."""
        if self._held_at is None:
            self._held_at = now

    def resumed(self, now: float) -> None:
        """Note that the caller is back; harmless if they were not away."""
        if self._held_at is not None:
            away_s, self._held_at = now - self._held_at, None
            self._due_at += away_s
            self._ends_at += away_s

    def deadline(self) -> float | None:
        """Return when :meth:`due` has something to say, or None."""
        return min(self._due_at, self._ends_at) if self._held_at is None else None

    def due(self, now: float) -> Outcome | None:
        """Return how it ended by waiting, if it did."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return None
        return self._whole() if self.digits else Outcome.TIMEOUT

    def may_go_on(self, outcome: Outcome) -> bool:
        """Tell whether a caller may be keying in a secret still, though it ended so."""
        is_done = self._has_end and outcome is Outcome.COLLECTED
        return self.field.is_sensitive and not is_done and outcome is not Outcome.HUNG_UP

    def _whole(self) -> Outcome:
        if len(self.digits) < self.field.min_digits:
            return Outcome.TOO_SHORT
        if self.field.check == "luhn" and not has_luhn_digit(self.digits):
            return Outcome.INVALID
        return Outcome.COLLECTED


def has_luhn_digit(digits: str) -> bool:
    """Tell whether the last digit is the right one (ISO/IEC 7812-1 annex B)."""
    if not digits.isdecimal():
        return False
    doubled = [int(each) * 2 for each in digits[-2::-2]]
    total = sum(each - 9 * (each > 9) for each in doubled) + sum(map(int, digits[-1::-2]))
    return total % 10 == 0


def shown(field: FieldSettings, digits: str) -> str:
    """Return what may be seen of a number: the end of a long one, all of one that is no secret."""
    if not field.is_sensitive:
        return digits
    last = min(field.show_last, len(digits) - KEPT_HIDDEN)
    return digits[-last:] if last > 0 else ""


def told(field: FieldSettings, outcome: Outcome, digits: str) -> str:
    """Return what the model is told; the first word is the outcome's."""
    match outcome:
        case Outcome.COLLECTED if field.is_sensitive:
            last = shown(field, digits)
            ending = f" ending in {last}" if last else ""
            text = f"{field.name}, {len(digits)} digits{ending}; tools get it, you cannot see it."
        case Outcome.COLLECTED:
            text = f"{digits}"
        case Outcome.TIMEOUT:
            text = f"the caller pressed no key within {field.timeout_s:g} s."
        case Outcome.TOO_SHORT:
            text = f"{len(digits)} digits, and at least {field.min_digits} are needed."
        case Outcome.INVALID:
            text = "the check digit is wrong: the caller probably mistyped."
        case Outcome.INTERRUPTED:
            text = "the caller said something instead."
        case Outcome.HUNG_UP:
            text = "the caller is gone."
    return f"{outcome}: {text}"
