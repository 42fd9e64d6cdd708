"""Requests within the dialog of a leg: the peer's that PJSUA leaves to us, and answers to ours.

Runs on the PJSIP thread, inside ``onCallTsxState``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .leg_keys import LegKeys
from .leg_offer import LegOffer
from .leg_refer import LegRefer
from .missing_ack import MissingAck
from .other_methods import status_in_dialog
from .pj_requests import answer_in_dialog
from .pjlib import pj

if TYPE_CHECKING:
    from .pj_call import PjCall

log = logging.getLogger(__name__)


class InDialog:
    """Answer OPTIONS, INFO and what is nothing of ours; note how our own requests were answered.

    Args:
        call: The ``PjCall`` that owns this; its leg may come to be another.
        keys: Of the leg.
        refer: Of the leg.
        offer: Of the leg.
        later: Runs something once the callback is over.
    """

    def __init__(
        self,
        call: PjCall,
        keys: LegKeys,
        refer: LegRefer,
        offer: LegOffer,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._call, self._keys, self._refer, self._offer = call, keys, refer, offer
        self._later = later
        self._missing_ack = MissingAck()

    def changed(self, state: Any) -> None:
        """Take a change of a transaction (``TsxStateEvent``)."""
        transaction, is_ours = state.tsx, state.tsx.role == pj.PJSIP_ROLE_UAC
        is_confirmed = self._call.progress.is_confirmed
        if not is_ours and transaction.state == pj.PJSIP_TSX_STATE_TRYING:
            self._asked(str(transaction.method), state)
        elif not is_ours:
            is_done = transaction.state == pj.PJSIP_TSX_STATE_TERMINATED
            if is_done and is_confirmed and str(transaction.method) == "INVITE":
                self._reinvite_done(int(transaction.statusCode))
        elif is_confirmed:
            self._answered(str(transaction.method), int(transaction.statusCode))

    def _asked(self, method: str, state: Any) -> None:
        """Answer what PJSUA leaves to PJSIP, which would say 500."""
        transaction, rdata = int(state.tsx.pjTransaction), state.src.rdata
        refers = self._refer.is_under_way
        if method == "INVITE":
            self._missing_ack.invited(str(rdata.wholeMsg))
        elif method == "OPTIONS":
            answer_in_dialog(transaction, int(rdata.pjRxData))
        elif method == "INFO":
            self._keys.answer_info(transaction, rdata)
        elif status := status_in_dialog(method, str(rdata.wholeMsg), refers=refers):
            answer_in_dialog(transaction, int(rdata.pjRxData), status)

    def _reinvite_done(self, status: int) -> None:
        """End a call that a re-INVITE has left without an agreement."""
        if self._missing_ack.ends_call(status):
            log.warning("leg %s ! no ACK came", self._call.leg.invite.sip_call_id)
            reason = ("Reason", 'SIP;cause=408;text="No ACK"')
            self._later(lambda: self._call.send_bye([reason]))

    def _answered(self, method: str, status: int) -> None:
        """Note how a request of ours was answered."""
        if method == "REFER":
            self._refer.answered(status)
        elif method == "INFO":
            self._keys.info_answered(status)
        elif method == "INVITE":
            self._offer.answered(status)
