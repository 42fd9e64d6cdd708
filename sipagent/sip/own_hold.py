"""Our hold: when a re-INVITE asks the peer to wait or to come back, and when it asks again.

RFC 3264 section 8.4. While one offer is on its way the last wish waits. Two offers that cross are
both refused with 491, and ours is sent again after a random time (RFC 3261 section 14.1): the side
that chose the Call-ID waits longer.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .events import HoldRefused, WeHeld, WeResumed

GLARE = 491

MAX_ATTEMPTS = 5
"""Of one wish: a peer that always has an offer of its own on its way is not asked for ever."""

OWNER_WAITS_S = (2.1, 4.0)
OTHER_WAITS_S = (0.01, 2.0)
"""Between two attempts, by who chose the Call-ID."""


@dataclass(frozen=True, slots=True)
class SendOffer:
    """Send a re-INVITE."""

    is_hold: bool


@dataclass(frozen=True, slots=True)
class TellHold:
    """Tell what became of a wish."""

    event: WeHeld | WeResumed | HoldRefused


HoldCommand: TypeAlias = SendOffer | TellHold


class OwnHold:
    """Decide what is sent and told; send nothing.

    Args:
        owns_call_id: Whether the leg is one that we dialled.
        between: Returns a random number between two.
    """

    def __init__(self, owns_call_id: bool, between: Callable[[float, float], float]) -> None:
        self._waits_s = OWNER_WAITS_S if owns_call_id else OTHER_WAITS_S
        self._between = between
        self._is_on = self._is_wanted = False
        self._asked: bool | None = None
        """What the offer on its way asks for; None: there is none."""
        self._attempts = 0
        self._retry_at: float | None = None

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return self._retry_at

    def ask(self, is_hold: bool) -> list[HoldCommand]:
        """Take a wish; one that holds already is told at once."""
        self._is_wanted, self._attempts, self._retry_at = is_hold, 0, None
        if self._asked is not None:
            return []
        return [TellHold(_done(is_hold))] if is_hold is self._is_on else self._send()

    def answered(self, status: int, *, now: float) -> list[HoldCommand]:
        """Note the final response to our offer."""
        asked, self._asked = self._asked, None
        if asked is None:
            return []
        if status == GLARE and self._attempts < MAX_ATTEMPTS:
            self._retry_at = now + self._between(*self._waits_s)
            return []
        if status < 300:
            self._is_on = asked
            told: list[HoldCommand] = [TellHold(_done(asked))]
            return told if asked is self._is_wanted else told + self._send()
        self._is_wanted = self._is_on
        return [TellHold(HoldRefused(status, asked))]

    def handle_timer(self, *, now: float) -> list[HoldCommand]:
        """Ask again, if that is due."""
        if self._retry_at is None or now < self._retry_at:
            return []
        self._retry_at = None
        return self._send()

    def _send(self) -> list[HoldCommand]:
        self._attempts += 1
        self._asked = self._is_wanted
        return [SendOffer(self._is_wanted)]


def _done(is_hold: bool) -> WeHeld | WeResumed:
    return WeHeld() if is_hold else WeResumed()
