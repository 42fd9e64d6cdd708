"""Who may ask the admin API: tokens, what each may do, how often a wrong one may be tried. Pure.

A token is compared with every one there is, each in constant time, so that nobody learns by how
long it takes how near a guess is. A source that guesses too often is not listened to for a while;
this machine always is, since a proxy on it brings everybody.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_FAILURES = 10
WITHIN_S = 60.0
REMEMBERED_SOURCES = 1_000


class Role(StrEnum):
    """What a token is for."""

    READ = "read"
    """To look."""
    OPERATE = "operate"
    """To look, and to have things done."""

    def may(self, wanted: Role) -> bool:
        """Tell whether it is enough for ``wanted``."""
        return self is Role.OPERATE or wanted is Role.READ


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who may ask."""

    name: str
    role: Role


LOCAL = Asker("local", Role.OPERATE)
"""Whoever is on this machine, where there are no tokens."""


@dataclass(frozen=True, slots=True)
class Token:
    """One of those there are."""

    asker: Asker
    secret: str = field(repr=False)


def asker_of(header: str, tokens: Sequence[Token]) -> Asker | None:
    """Return who sends an ``Authorization`` header, None: nobody known (RFC 6750 section 2.1).

    The scheme is ``Bearer`` in whatever case (RFC 9110 section 11.1).
    """
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    secret = given.encode("utf-8", "surrogateescape")
    found = None
    for token in tokens:
        if hmac.compare_digest(secret, token.secret.encode()):
            found = token.asker
    return found


class FailedTokens:
    """Count wrong tokens by source; ``now`` is monotonic seconds."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, source: str, *, now: float) -> None:
        """Note a wrong token."""
        times = self._times.setdefault(source, deque(maxlen=MOST_FAILURES))
        times.append(now)
        self._times.move_to_end(source)
        if len(self._times) > REMEMBERED_SOURCES:
            self._times.popitem(last=False)

    def wait_s(self, source: str, *, now: float) -> float:
        """Return how long ``source`` is not listened to; 0: it is."""
        times = self._times.get(source)
        if times is None or len(times) < MOST_FAILURES:
            return 0.0
        return max(0.0, times[0] + WITHIN_S - now)
