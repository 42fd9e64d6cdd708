"""Digits of the keypad, collected until they mean something.

Callers press numbers key by key; the agent is told of the whole number. It is whole when the
terminator was pressed, after a pause, with as many digits as it has, or when it is longer than any
number people key in.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_DIGITS = 64
"""Of one message: longer than an account number with its PIN; a stuck key says no more at once."""


@dataclass(frozen=True, slots=True)
class DigitSettings:
    """When digits are told."""

    end: str = "#"
    """The key that ends a number, and is no part of it; ``""``: none does."""
    pause_s: float = 2.0
    """After this long without a key the number is whole."""
    count: int = 0
    """With this many digits it is whole; 0: only the above ends it."""


class DigitBatch:
    """Collect digits; say nothing before they are whole."""

    def __init__(self, settings: DigitSettings) -> None:
        self._settings = settings
        self._pressed: list[str] = []
        self._due_at: float | None = None

    def press(self, digit: str, now: float) -> str | None:
        """Take a key (RFC 4733 section 3.2); return the message it completes, if it does."""
        is_end = digit == self._settings.end
        if not is_end or not self._pressed:  # the terminator alone is an answer as well
            self._pressed.append(digit)
        if is_end or len(self._pressed) >= (self._settings.count or MOST_DIGITS):
            return self._told()
        self._due_at = now + self._settings.pause_s
        return None

    def take(self) -> str:
        """Return the keys that are no message yet, and forget them."""
        pressed, self._pressed, self._due_at = "".join(self._pressed), [], None
        return pressed

    def deadline(self) -> float | None:
        """Return when :meth:`due` has a message, or None."""
        return self._due_at

    def due(self, now: float) -> str | None:
        """Return the message that no key followed, if there is one."""
        return self._told() if self._due_at is not None and now >= self._due_at else None

    def _told(self) -> str:
        pressed, self._pressed, self._due_at = " ".join(self._pressed), [], None
        return f"The caller pressed {pressed} on the keypad."
