"""Registration: when is a trunk registered, and when is it tried again? Pure.

    UNREGISTERED  --started-->          REGISTERING
    REGISTERING   --2xx-->              REGISTERED     PJSIP refreshes it in time
    REGISTERING   --anything else-->    FAILED         tried again after a while
    REGISTERED    --refresh refused-->  FAILED
    REGISTERED    --connection lost-->  FAILED         tried again at once
    any           --server failed-->    FAILED         another one is tried at once
    FAILED        --due-->              REGISTERING
    any           --left-->             UNREGISTERED   for good, once all is answered

How long "a while" is doubles with each failure, and is random between half of it and all of it, so
that a registrar that comes back does not meet everybody at once (RFC 5626 section 4.5). What time
cannot heal, such as a wrong password, is tried rarely: registrars ban who guesses. Retry-After
(RFC 3261 section 20.33) is heeded.

No I/O, no clock: ``now`` is monotonic seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import random

FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 300.0
FIRST_WAIT_REFUSED_S, LONGEST_WAIT_REFUSED_S = 30.0, 1_800.0
RECONNECT_WITHIN_S = 1.0
LONGEST_RETRY_AFTER_S = 3_600

_PASSING = frozenset({408, 423, 430, 480, 491})
"""Statuses below 500 that time may heal."""


class RegistrationState(StrEnum):
    """Where a trunk is."""

    STATIC = "static"
    """It does not register."""
    UNREGISTERED = "unregistered"
    REGISTERING = "registering"
    REGISTERED = "registered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TrunkState:
    """What is known of a trunk now."""

    name: str
    state: RegistrationState
    status: int = 0
    """Of the registrar's last answer; 408 or 503 when there was none."""
    expires_s: int = 0
    """How long the registrar keeps us, while registered."""
    reason: str = ""
    """What came with the status."""
    retry_in_s: int = 0
    """When it is tried again, after a failure."""


class Registration:
    """Decide when one trunk registers; send nothing.

    Args:
        name: Of the trunk.
        registers: Whether it does so at all.
        chance: Returns a number from 0 to below 1.
    """

    def __init__(self, name: str, *, registers: bool, chance: Callable[[], float] = random) -> None:
        self._name, self._chance = name, chance
        first = RegistrationState.UNREGISTERED if registers else RegistrationState.STATIC
        self.state = TrunkState(name, first)
        self._failures = 0
        self._due_at: float | None = None
        self._registers, self._has_left = registers, not registers
        self._comes_back = False
        self._undo_waits = self._undo_is_due = False

    def start(self, *, now: float) -> None:
        """Have it registered."""
        if not self._has_left:
            self._due_at = now

    def is_due(self, *, now: float) -> bool:
        """Tell whether REGISTER is to be sent now; it counts as sent then."""
        if self._due_at is None or now < self._due_at:
            return False
        self._due_at = None
        self._become(RegistrationState.REGISTERING, self.state.status, self.state.reason)
        return True

    def answered(
        self,
        status: int,
        reason: str,
        expires_s: int,
        text: str,
        *,
        now: float,
        has_another: bool = False,
    ) -> None:
        """Take the final answer to a REGISTER, a refreshing one included.

        Args:
            text: The whole answer; ``""`` if none came.
            has_another: Whether the server has failed and there is another (RFC 3263 section 4.3).
        """
        self._undo_is_due = self._undo_waits and status < 300
        self._undo_waits = False
        if self._has_left and not self._undo_is_due:
            self._settled(status, reason, now)
        elif status < 300:
            self._failures = 0
            self.state = TrunkState(
                self._name, RegistrationState.REGISTERED, status, expires_s, reason
            )
        elif has_another:
            self._again_at_once(status, reason, now)
        else:
            self._wait(status, reason, retry_after_s(text), now)

    def connection_lost(self, *, now: float) -> None:
        """Take the end of the connection to the registrar; over it calls would have come."""
        if self.state.state is RegistrationState.REGISTERED and not self._has_left:
            self._again_at_once(503, "the connection was closed", now)

    def come_back(self, *, now: float) -> None:
        """Register again, once what :meth:`leave` undoes is undone."""
        if not self._registers or not self._has_left:
            return
        self._comes_back = True
        if self.state.state is RegistrationState.UNREGISTERED:
            self._return(now)

    def _return(self, now: float) -> None:
        self._has_left = self._comes_back = False
        self._due_at = now

    def leave(self) -> bool:
        """Register no more; tell whether there is something to be undone."""
        self._comes_back = False
        if self._has_left:
            return False
        self._has_left, self._due_at = True, None
        if self.state.state in {RegistrationState.REGISTERED, RegistrationState.REGISTERING}:
            return True
        self._become(RegistrationState.UNREGISTERED, self.state.status, self.state.reason)
        return False

    def undo_waits(self) -> None:
        """Take that it cannot be undone yet: a REGISTER is under way, a refreshing one maybe."""
        self._undo_waits = True

    def undo_failed(self, reason: str, *, now: float) -> None:
        """Take that it cannot be undone at all: the registrar will forget it in time."""
        self._settled(self.state.status, reason, now)

    def undo_is_due(self) -> bool:
        """Tell whether it can be undone now; it counts as being undone then."""
        is_due, self._undo_is_due = self._undo_is_due, False
        return is_due

    def _settled(self, status: int, reason: str, now: float) -> None:
        self._become(RegistrationState.UNREGISTERED, status, reason)
        if self._comes_back:
            self._return(now)

    def _again_at_once(self, status: int, reason: str, now: float) -> None:
        self._due_at = now + RECONNECT_WITHIN_S * self._chance()
        self.state = TrunkState(self._name, RegistrationState.FAILED, status, 0, reason, 1)

    def _wait(self, status: int, reason: str, asked_s: int, now: float) -> None:
        is_passing = status >= 500 or status in _PASSING
        first_s = FIRST_WAIT_S if is_passing else FIRST_WAIT_REFUSED_S
        longest_s = LONGEST_WAIT_S if is_passing else LONGEST_WAIT_REFUSED_S
        wait_s = min(longest_s, first_s * 2 ** min(self._failures, 16))
        wait_s = max(wait_s * (0.5 + self._chance() / 2), asked_s)
        self._failures += 1
        self._due_at = now + wait_s
        self.state = TrunkState(
            self._name, RegistrationState.FAILED, status, 0, reason, max(1, round(wait_s))
        )

    def _become(self, state: RegistrationState, status: int, reason: str) -> None:
        self.state = TrunkState(self._name, state, status, 0, reason)


def retry_after_s(text: str) -> int:
    """Return what the Retry-After header of an answer asks for, 0 without one."""
    head = text.partition("\r\n\r\n")[0]
    match = re.search(r"^retry-after\s*:\s*([0-9]{1,9})", head, re.IGNORECASE | re.MULTILINE)
    return min(int(match[1]), LONGEST_RETRY_AFTER_S) if match is not None else 0
