"""The telephone side of a call at the engine, as its session sees it.

Every method is called on the loop and never waits; what happens comes as events, in order. Who
answers telephone calls for the engine implements it: the engine itself knows no SIP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sipagent.audio.frames import Pcm
from sipagent.audio.playout import Heard


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """Audio flows both ways from here on."""

    rate_hz: int
    """Of what the caller says, and of what is played."""


@dataclass(frozen=True, slots=True)
class CallerAudio:
    """Frames of the caller, in order, without a gap: a phone sends silence too."""

    frames: Sequence[Pcm]


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class FirstFramePlayed:
    """An item began to be heard."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ItemPlayed:
    """An item was heard to its end."""

    item_id: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The caller is gone, whoever hung up; always the last event."""

    reason: str = ""


LegEvent: TypeAlias = (
    LegAnswered | CallerAudio | DigitReceived | FirstFramePlayed | ItemPlayed | LegEnded
)


class Leg(Protocol):
    """One caller: not answered yet when it is handed in."""

    events: asyncio.Queue[LegEvent]

    @property
    def sip_headers(self) -> Sequence[tuple[str, str]]:
        """Headers of its INVITE, in order of arrival; names may come more than once."""

    # What is decided about it.

    def answer(self) -> None:
        """Take the call; ``LegAnswered`` follows."""

    def reject(self, status_code: int) -> None:
        """Do not take it (RFC 3261 section 21); ``LegEnded`` follows."""

    def refer(self, target_uri: str) -> None:
        """Send the caller elsewhere: REFER (RFC 3515), or 302 before the answer."""

    def hang_up(self) -> None:
        """End the call; ``LegEnded`` follows."""

    # What is played. As ``sip.media_port``.

    def push(self, item_id: str, pcm: Pcm) -> None:
        """Queue audio of an item at ``LegAnswered.rate_hz``."""

    def finish(self, item_id: str) -> None:
        """Note that no more audio of an item comes."""

    def flush(self) -> list[Heard]:
        """Stop at once; return what was being played or waited, with how much of it was heard."""

    def heard(self, item_id: str) -> int:
        """Return how many milliseconds of an item were heard."""
