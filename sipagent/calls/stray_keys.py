"""Keys that still belong to a secret number after its collection has ended.

    NONE      --a secret ends before its end key--> EXPECTED
    EXPECTED  --key-->                              EXPECTED   the key is dropped
    EXPECTED  --quiet_s without a key-->            NONE
    EXPECTED  --the agent asks again-->             NONE

Who looks up from the card for too long, or keys in more than was asked for, goes on typing: nobody
collects that, and nobody may see it.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations


class StrayKeys:
    """Know whether a key is one of them."""

    def __init__(self) -> None:
        self._quiet_s = 0.0
        self._over_at: float | None = None

    def expect(self, quiet_s: float, now: float) -> None:
        """Take every key for one of them, until none came for ``quiet_s``."""
        self._quiet_s, self._over_at = quiet_s, now + quiet_s

    def takes(self, now: float) -> bool:
        """Tell whether a key that is pressed now is one of them."""
        if self._over_at is None or now >= self._over_at:
            return False
        self._over_at = now + self._quiet_s
        return True

    def forget(self) -> bool:
        """Expect no more of them; return whether any were expected."""
        was_expected, self._over_at = self._over_at is not None, None
        return was_expected

    def deadline(self) -> float | None:
        """Return when :meth:`is_over` tells so, or None."""
        return self._over_at

    def is_over(self, now: float) -> bool:
        """Tell once that it has been quiet for long enough."""
        return self._over_at is not None and now >= self._over_at and self.forget()
