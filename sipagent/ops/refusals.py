"""Requests that never became calls: each is counted by its reason, and few are logged.

A flood must not fill the log, so that a source is named once a minute for each reason; the next
line says how many there were meanwhile.
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from prometheus_client import Counter

from sipagent.sip.events import Refused
from sipagent.sip.interop import UNACCEPTABLE

from .metrics import INTEROP

log = logging.getLogger(__name__)

REFUSED = Counter("sipagent_sip_refused", "SIP requests refused, by reason.", ["reason"])

BY_STATUS = {486: "busy", 488: "not_acceptable", 503: "draining"}
BY_WHY = frozenset(
    {
        *("unknown_source", "bad_credentials", "replayed_nonce", "malformed"),
        *("rate", "flood", "too_much_media"),
    }
)
"""Reasons that are told; the others follow from the status."""
MALFORMED = "malformed"

LOG_AGAIN_S = 60.0
MAX_SOURCES = 1_024


class QuietLog:
    """Decide what is worth a line. Pure."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        """When a source was named for a reason, and how often it was not named since."""

    def tells(self, source: str, reason: str, *, now: float) -> int | None:
        """Return how many were not told of before this one, None: this one is not told either."""
        key = source, reason
        at, missed = self._told.get(key, (-LOG_AGAIN_S, 0))
        if now - at < LOG_AGAIN_S:
            self._told[key] = at, missed + 1
            return None
        self._told[key] = now, 0
        self._told.move_to_end(key)
        if len(self._told) > MAX_SOURCES:
            self._told.popitem(last=False)
        return missed


class RefusalCounter:
    """Count and log refusals."""

    def __init__(self) -> None:
        self._quiet = QuietLog()

    def count(self, refused: Refused, *, now: float) -> None:
        """Take one; ``now`` is monotonic seconds."""
        reason = reason_of(refused)
        REFUSED.labels(reason).inc()
        for name in refused.findings:
            INTEROP.labels(name).inc()
        source = refused.source_address.rpartition(":")[0]
        missed = self._quiet.tells(source, reason, now=now)
        if missed is not None:
            more = f", and {missed} more since the last line" if missed else ""
            answer = refused.status or "not answered"
            log.warning("! refused %s: %s to %s%s", reason, answer, refused.source_address, more)


def reason_of(refused: Refused) -> str:
    """Return the reason as metrics have it."""
    if refused.why in BY_WHY:
        return refused.why
    if refused.status == 488:
        unacceptable = (name for name in refused.findings if name in UNACCEPTABLE)
        return next(unacceptable, BY_STATUS[488])
    return BY_STATUS.get(refused.status, MALFORMED)
