"""How many INVITEs per second one address may send. Pure.

A limit for all together (:mod:`.invite_flood`) keeps PJSIP alive; this one keeps an address that
floods, or guesses passwords, from taking what is there for everybody.
"""

from __future__ import annotations

from collections import OrderedDict

MAX_SOURCES = 4_096
"""Who was not heard of for longest is forgotten, and starts with a full bucket."""


class SourceRate:
    """Admit ``per_second`` from each source in the long run, and as many as that at once.

    Args:
        per_second: Of INVITEs; never fewer than one at once.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second, self._burst = per_second, max(1.0, per_second)
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What each source has left, and when that was so."""

    def admits(self, source: str, *, now: float) -> bool:
        """Tell whether one more may pass at ``now``, monotonic seconds; if so, count it."""
        left = self._left(source, now)
        self._tokens[source] = (left - 1 if left >= 1 else left, now)
        self._tokens.move_to_end(source)
        if len(self._tokens) > MAX_SOURCES:
            self._tokens.popitem(last=False)
        return left >= 1

    def charge(self, source: str, count: float, *, now: float) -> None:
        """Take ``count`` more from a source, below nothing if need be."""
        self._tokens[source] = (self._left(source, now) - count, now)

    def _left(self, source: str, now: float) -> float:
        tokens, at = self._tokens.get(source, (self._burst, now))
        return min(self._burst, tokens + max(0.0, now - at) * self._per_second)
