"""The REFER of a leg: ours on its way to the peer, and how it goes (RFC 3515).

Runs on the PJSIP thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .events import ReferProgressed
from .own_refer import OwnRefer
from .pj_values import operation
from .pjlib import pj

if TYPE_CHECKING:
    from .pj_call import PjCall

log = logging.getLogger(__name__)


class LegRefer:
    """Send REFERs, and tell the leg how they go; an answer of ours stands in where none can come.

    Args:
        call: The ``PjCall`` that owns this; its leg may come to be another.
    """

    def __init__(self, call: PjCall) -> None:
        self._call, self._own = call, OwnRefer()

    @property
    def is_under_way(self) -> bool:
        """Tell whether the peer still has to say how one went."""
        return self._own.is_under_way

    def send(self, refer_to: str) -> None:
        """Ask the peer to call somebody else."""
        self._send(lambda: self._call.xfer(refer_to, operation(0, "", ())))

    def send_replaces(self, other: PjCall) -> None:
        """Ask the peer to take ``other`` over (RFC 3891), whose peer it shall talk to."""
        self._send(lambda: self._call.xferReplaces(other, operation(0, "", ())), other)

    def answered(self, status: int) -> None:
        """Note how the peer answered the request itself."""
        self._own.answered(status)

    def progressed(self, prm: Any) -> None:
        """Take how it goes (``OnCallTransferStatusParam``), and tell its end once."""
        told = self._own.progressed(int(prm.statusCode), is_final=bool(prm.finalNotify))
        prm.cont = not told.is_final
        self._call.leg.tell(told)

    def _send(self, send: Callable[[], None], *others: PjCall) -> None:
        leg, calls = self._call.leg, (self._call, *others)
        is_up = self._call.progress.is_confirmed and not any(each.has_ended for each in calls)
        refusal = self._own.refusal(is_confirmed=is_up)
        if refusal is not None:
            leg.tell(refusal)
            return
        try:
            send()
            self._own.sent()
        except pj.Error as error:
            log.warning("leg %s ! no REFER sent: %s", leg.invite.sip_call_id, error.reason)
            leg.tell(ReferProgressed(500, is_final=True))
