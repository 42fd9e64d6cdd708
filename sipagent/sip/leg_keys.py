"""The keys of a leg: what PJSIP reports of telephone events, and INFO; on the PJSIP thread.

INFO never gets as far as PJSUA, which would answer half of it with 500: it is answered here.
"""

from __future__ import annotations

from typing import Any

from .call import SipCall
from .events import DtmfReceived
from .info import LONGEST_DIGIT_MS, read_info
from .options import answer_in_dialog
from .telephone_events import EventReport, TelephoneEvents

DTMF_IS_UPDATE, DTMF_IS_END = 1, 2
"""PJMEDIA_STREAM_DTMF_IS_UPDATE and _IS_END, which the binding does not export."""


class LegKeys:
    """Tell ``leg`` of each key once, when it begins."""

    def __init__(self, leg: SipCall) -> None:
        self.leg = leg
        self._telephone_events = TelephoneEvents()

    def reported(self, prm: Any) -> None:
        """Take a report of a telephone event (``OnDtmfEventParam``)."""
        flags, duration_ms = int(prm.flags), int(prm.duration)
        report = EventReport(
            str(prm.digit),
            int(prm.timestamp),
            duration_ms,
            is_end=bool(flags & DTMF_IS_END),
            is_update=bool(flags & DTMF_IS_UPDATE),
        )
        if self._telephone_events.is_press(report):
            known_ms = duration_ms if duration_ms <= LONGEST_DIGIT_MS else 0
            self.leg.tell(DtmfReceived(report.key, known_ms, "rfc4733"))

    def answer_info(self, transaction: int, rdata: Any) -> None:
        """Answer an INFO (``SipRxData``) and tell of its key, if it has one."""
        read = read_info(str(rdata.wholeMsg))
        answer_in_dialog(transaction, int(rdata.pjRxData), read.status)
        if read.key:
            self.leg.tell(DtmfReceived(read.key, read.duration_ms, "info"))
