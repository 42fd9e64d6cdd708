"""Facts of what agents take down for somebody who reads it later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """An agent took a message for somebody."""

    agent: str
    name: str
    """Of who left it, as they say; ``""``: not told."""
    number: str
    """To be called back on; ``""``: the one they call from."""
    text: str


@dataclass(frozen=True, slots=True)
class NoteTaken:
    """An agent wrote something down for the record."""

    agent: str
    text: str
