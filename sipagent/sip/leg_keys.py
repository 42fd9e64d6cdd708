"""The keys of a leg: what PJSIP reports of telephone events, INFO, and what we send ourselves.

Runs on the PJSIP thread.

INFO never gets as far as PJSUA, which would answer half of it with 500: it is answered here.
"""

from __future__ import annotations

import logging
from typing import Any

from .events import DigitsRefused, DtmfReceived, KeyWay
from .info import LONGEST_DIGIT_MS, read_info
from .pj_requests import answer_in_dialog
from .pjlib import pj
from .telephone_events import EventReport, TelephoneEvents

DTMF_IS_UPDATE, DTMF_IS_END = 1, 2
"""PJMEDIA_STREAM_DTMF_IS_UPDATE and _IS_END, which the binding does not export."""


log = logging.getLogger(__name__)

SENT_MS = 160


class LegKeys:
    """Tell a leg of each key once, when it begins; send ours.

    Args:
        call: The ``PjCall`` that owns this; its leg may come to be another.
    """

    def __init__(self, call: Any) -> None:
        self._call = call
        self._telephone_events = TelephoneEvents()

    def send(self, digits: str, way: KeyWay) -> None:
        """Send keys; each INFO has a transaction of its own."""
        parameters = pj.CallSendDtmfParam()
        parameters.digits, parameters.duration = digits, SENT_MS
        is_info = way == "info"
        parameters.method = (
            pj.PJSUA_DTMF_METHOD_SIP_INFO if is_info else pj.PJSUA_DTMF_METHOD_RFC2833
        )
        try:
            self._call.sendDtmf(parameters)
        except pj.Error as error:
            log.warning(
                "leg %s ! no digits sent: %s", self._call.leg.invite.sip_call_id, error.reason
            )
            self._call.leg.tell(DigitsRefused(str(error.reason)))

    def info_answered(self, status: int) -> None:
        """Note how the peer answered an INFO of ours."""
        if status >= 300:
            self._call.leg.tell(DigitsRefused(f"the far end answered {status}"))

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
            self._call.leg.tell(DtmfReceived(report.key, known_ms, "rfc4733"))

    def answer_info(self, transaction: int, rdata: Any) -> None:
        """Answer an INFO (``SipRxData``) and tell of its key, if it has one."""
        read = read_info(str(rdata.wholeMsg))
        answer_in_dialog(transaction, int(rdata.pjRxData), read.status)
        if read.key:
            self._call.leg.tell(DtmfReceived(read.key, read.duration_ms, "info"))
