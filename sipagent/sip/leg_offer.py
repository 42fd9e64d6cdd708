"""Offers of ours within a call: the re-INVITE that asks the peer to wait, or to talk again.

RFC 3264 section 8.4. When one is sent, and what its answer means, ``own_hold`` decides. Runs on the
PJSIP thread.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .own_hold import GLARE
from .pj_values import operation
from .pjlib import pj

if TYPE_CHECKING:
    from .pj_call import PjCall

log = logging.getLogger(__name__)

NO_DIALOG, NO_MEDIA = 481, 488

CHALLENGES = frozenset({401, 407})
"""Answered by PJSUA with another request, if the account has a password."""


class LegOffer:
    """Send re-INVITEs, and tell the leg how they are answered.

    Args:
        call: The ``PjCall`` that owns this; its leg may come to be another.
    """

    def __init__(self, call: PjCall) -> None:
        self._call = call

    def send(self, *, is_hold: bool) -> None:
        """Ask the peer to wait, or to talk again."""
        call = self._call
        if not call.progress.is_confirmed or call.progress.is_over:
            call.leg.offer_answered(NO_DIALOG)
            return
        if not self._has_sockets():
            log.warning("leg %s ! no media to be offered", call.leg.invite.sip_call_id)
            call.leg.offer_answered(NO_MEDIA)
            return
        parameters = operation(0, "", ())
        try:
            if is_hold:
                call.setHold(parameters)
            else:
                parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
                call.reinvite(parameters)
        except pj.Error as error:  # an offer of the peer's is under way
            log.info("leg %s ! no re-INVITE sent: %s", call.leg.invite.sip_call_id, error.reason)
            call.leg.offer_answered(GLARE)

    def _has_sockets(self) -> bool:
        """Tell whether there is media: without, PJSUA asserts that it knows an address to offer.

        It agrees to an offer with an address that it cannot send to (IPv6, a name that is none),
        and closes its sockets then.
        """
        info = self._call.getInfo()
        for media in info.media:
            try:
                self._call.getMedTransportInfo(media.index)
            except pj.Error:
                continue
            return True
        return False

    def answered(self, status: int) -> None:
        """Note how the peer answered a re-INVITE of ours."""
        if status >= 200 and status not in CHALLENGES:
            self._call.leg.offer_answered(status)
