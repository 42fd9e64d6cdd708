"""Keys: pressed on a call, either way, and numbers that were asked for; see ``facts``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """DTMF from the caller."""

    digit: str
    """``x`` in plans with sensitive numbers."""


@dataclass(frozen=True, slots=True)
class DigitsSent:
    """The agent pressed keys on the far end."""

    digits: str


@dataclass(frozen=True, slots=True)
class DigitsAsked:
    """The agent asked for a number that the caller is to key in."""

    name: str
    is_shielded: bool
    """Whether neither agent nor recording hears the caller from now on."""


@dataclass(frozen=True, slots=True)
class DigitsCollected:
    """The agent had asked for a number, and its collection ended."""

    name: str
    outcome: str
    digits: int
    """How many were keyed in."""
    shown: str
    """Of a number that is whole: all of it, or of a sensitive one its end."""
