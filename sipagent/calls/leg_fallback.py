"""The last thing that is done for a caller whom no agent can serve: REFER to somebody who can.

Carries out what the controller decided; the transfers that agents want are ``leg_transfer``'s.
While one of those is under way the caller needs no agent, so that a session that fails then is no
end of the call: only what becomes of the transfer says whether it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sipagent.sip.events import ReferProgressed

from .commands import TransferCaller
from .events import SessionFailed, TransferProgressed
from .inbox import Inbox
from .leg_transfer import LegTransfer
from .part import CallPart
from .transfer_outcome import Outcome, outcome_of
from .transfer_telling import TransferTelling

log = logging.getLogger(__name__)


class LegFallback(CallPart):
    """Send the caller to somebody else.

    Args:
        transfer: Of the call.
    """

    def __init__(self, transfer: LegTransfer) -> None:
        super().__init__()
        self._transfer = transfer
        self._telling = TransferTelling()
        self._is_referring = False
        self._put_off: SessionFailed | None = None

    def puts_off(self, failure: SessionFailed) -> bool:
        """Tell whether a failure counts only once the transfer that is under way has failed."""
        if not (self._transfer.is_under_way and self.hands.is_talking()):
            return False
        log.info("call=%s = goes on without a session: being transferred", self.hands.call_id)
        self._put_off = failure
        return True

    def transfer(self, command: TransferCaller) -> None:
        """Ask the caller's telephone to call somebody else (RFC 3515)."""
        self._is_referring = True
        now, tell = self.hands.now(), self.hands.tell
        self._telling.wished(command.target, is_attended=False)
        self._telling.began(now=now, tell=tell)
        self.hands.leg.refer(command.target_uri)

    def handle(self, message: Inbox) -> None:
        """Tell the controller what came of it."""
        match message:
            case ReferProgressed(status=status, is_final=True) if self._is_referring:
                is_done = 200 <= status < 300
                self._tell(Outcome.COMPLETED if is_done else outcome_of(status), status)
                self.hands.post(TransferProgressed(status, is_final=True))
            case _:
                self._look()

    def handle_timer(self, now: float) -> None:
        """Notice a transfer that took too long."""
        self._look()

    async def close(self) -> Mapping[str, str]:
        """Tell that nothing came of it, if nothing did."""
        self._tell(Outcome.ABANDONED, 0)
        return {}

    def _look(self) -> None:
        if self._put_off is not None and not self._transfer.is_under_way:
            failure, self._put_off = self._put_off, None
            self.hands.post(failure)

    def _tell(self, outcome: Outcome, status: int) -> None:
        now, tell = self.hands.now(), self.hands.tell
        self._telling.ended(outcome, status, "", now=now, tell=tell)
