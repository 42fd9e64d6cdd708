"""May this call be placed? Who has the API must not have the telephone bill. Pure.

Asked in this order: may anything be called at all, is it a number that is never called, is it
denied, is it allowed, are there calls enough, are they too many or always the same. Only a call
that is let through counts.

Numbers that are never called are those of the emergency services, and what is charged more than a
call: premium rate, satellite and the networks between countries, through which most telephone fraud
is paid.

No clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from sipagent.sip.emergency import is_emergency
from sipagent.sip.never_called import is_premium

from .dialled import Destination
from .settings import DialSettings

MINUTE_S, HOUR_S = 60.0, 3_600.0
REMEMBERED_NUMBERS = 10_000


class Why(StrEnum):
    """Why a call is not placed; a closed list, since it is a metric label."""

    OFF = "off"
    EMERGENCY = "emergency"
    PREMIUM = "premium"
    DENIED = "denied"
    NOT_ALLOWED = "not_allowed"
    MAX_CALLS = "max_calls"
    PER_MINUTE = "per_minute"
    SAME_NUMBER = "same_number"


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that is not placed."""

    why: Why
    text: str
    retry_after_s: int = 0
    """When it would be placed; 0: never."""


class DialGuard:
    """Decide on each call.

    Args:
        settings: ``[dial]``.
        emergency_numbers: Never called.
    """

    def __init__(self, settings: DialSettings, emergency_numbers: Collection[str]) -> None:
        self._settings, self._emergency_numbers = settings, emergency_numbers
        self._placed: deque[float] = deque(maxlen=settings.per_minute)
        self._by_number: OrderedDict[str, deque[float]] = OrderedDict()

    def refusal(self, to: Destination, *, calls: int, now: float) -> Refused | None:
        """Return why ``to`` is not called; None: it is, and it counts.

        Args:
            to: Whom.
            calls: Placed by us, and not over yet.
            now: Monotonic seconds.
        """
        refused = self.forbidden(to) or self._too_many(to, calls=calls, now=now)
        if refused is None:
            self._placed.append(now)
            times = self._by_number.setdefault(
                to.key, deque(maxlen=self._settings.same_number_per_hour)
            )
            times.append(now)
            self._by_number.move_to_end(to.key)
            if len(self._by_number) > REMEMBERED_NUMBERS:
                self._by_number.popitem(last=False)
        return refused

    def give_back(self, to: Destination) -> None:
        """Count the last call to ``to`` for nothing: it could not be placed."""
        times = self._by_number.get(to.key)
        if times and self._placed:
            times.pop()
            self._placed.pop()

    def forbidden(self, to: Destination) -> Refused | None:
        """Return why nobody may be sent to ``to``, however few calls there are."""
        settings = self._settings
        if not settings.allow:
            return Refused(Why.OFF, "no calls are placed: [dial] allow is empty")
        if any(is_emergency(each, self._emergency_numbers) for each in (to.uri, to.number)):
            return Refused(Why.EMERGENCY, "emergency numbers are never called")
        if is_premium(to.number, settings.country_code):
            return Refused(Why.PREMIUM, "premium rate, satellite and such are never called")
        if any(to.matches(glob) for glob in settings.deny):
            return Refused(Why.DENIED, "[dial] deny has it")
        if not any(to.matches(glob) for glob in settings.allow):
            return Refused(Why.NOT_ALLOWED, "[dial] allow does not have it")
        return None

    def _too_many(self, to: Destination, *, calls: int, now: float) -> Refused | None:
        settings = self._settings
        if calls >= settings.max_calls:
            return Refused(Why.MAX_CALLS, f"{calls} calls are placed already", 5)
        if wait_s := _wait_s(self._placed, MINUTE_S, now=now):
            text = f"{settings.per_minute} calls were placed within a minute"
            return Refused(Why.PER_MINUTE, text, wait_s)
        times = self._by_number.get(to.key)
        if times is not None and (wait_s := _wait_s(times, HOUR_S, now=now)):
            text = f"they were called {settings.same_number_per_hour} times within an hour"
            return Refused(Why.SAME_NUMBER, text, wait_s)
        return None


def _wait_s(times: deque[float], window_s: float, *, now: float) -> int:
    """Return how long until one more fits into the window, 0 if it does now."""
    if len(times) < (times.maxlen or 0) or now - times[0] >= window_s:
        return 0
    return max(1, ceil(window_s - (now - times[0])))
