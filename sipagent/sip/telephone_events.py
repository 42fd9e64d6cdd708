"""Telephone events (RFC 4733): which of PJSIP's reports is a key pressed anew.

PJSIP compares an event with the last one by key and duration alone. So it takes a second press
whose first packets were lost for more of the first one, and an update that says less than the one
before for another press. Here the RTP timestamp decides, which one press keeps from its first
packet to its last (section 2.5.1.1), whatever markers and ends are lost. Two peers need more:

- a press longer than the duration field holds goes on with a new timestamp (section 2.5.1.3);
- some advance the timestamp with each packet, by what they add to the duration.

Times are milliseconds of the event's own RTP clock. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from .info import KEYS

SEGMENT_MS = 65_535 // 8
"""What the duration field holds, at 8000 Hz."""

ROUNDING_MS = 2


@dataclass(frozen=True, slots=True)
class EventReport:
    """One report of PJSIP's: a packet that was neither late nor a copy."""

    key: str
    timestamp_ms: int
    duration_ms: int
    is_end: bool
    is_update: bool = True
    """Whether PJSIP takes it for more of the one before."""


class TelephoneEvents:
    """Follow one leg's events."""

    def __init__(self) -> None:
        self._last: EventReport | None = None

    def is_press(self, report: EventReport) -> bool:
        """Take a report; tell whether a key was pressed anew."""
        last, self._last = self._last, report
        if report.key not in KEYS:  # a flash, or a tone of a modem: ends what was pressed
            return False
        return last is None or report.key != last.key or not _goes_on(last, report)


def _goes_on(last: EventReport, report: EventReport) -> bool:
    later_ms = report.timestamp_ms - last.timestamp_ms
    if later_ms == 0:
        return True
    if not last.is_end and abs(later_ms - SEGMENT_MS) <= ROUNDING_MS:
        return True
    longer_ms = report.duration_ms - last.duration_ms
    return report.is_update and 0 < later_ms <= longer_ms + ROUNDING_MS
