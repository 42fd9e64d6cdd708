"""The last thing that is done for a caller whom no agent can serve: REFER to somebody who can.

Carries out what the controller decided; the transfers that agents want are ``leg_transfer``'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from sipagent.sip.events import ReferProgressed

from .commands import TransferCaller
from .events import TransferProgressed
from .inbox import Inbox
from .part import CallPart
from .transfer_outcome import Outcome, outcome_of
from .transfer_telling import TransferTelling


class LegFallback(CallPart):
    """Send the caller to somebody else."""

    def __init__(self) -> None:
        super().__init__()
        self._telling = TransferTelling()
        self._is_referring = False

    def transfer(self, command: TransferCaller) -> None:
        """Ask the caller's telephone to call somebody else (RFC 3515)."""
        self._is_referring = True
        now, tell = self.hands.now(), self.hands.tell
        self._telling.started(command.target, is_attended=False, now=now, tell=tell)
        self.hands.leg.refer(command.target_uri)

    def handle(self, message: Inbox) -> None:
        """Tell the controller what came of it."""
        match message:
            case ReferProgressed(status=status, is_final=True) if self._is_referring:
                is_done = 200 <= status < 300
                self._tell(Outcome.COMPLETED if is_done else outcome_of(status), status)
                self.hands.post(TransferProgressed(status, is_final=True))
            case _:
                pass

    async def close(self) -> Mapping[str, str]:
        """Tell that nothing came of it, if nothing did."""
        self._tell(Outcome.ABANDONED, 0)
        return {}

    def _tell(self, outcome: Outcome, status: int) -> None:
        now, tell = self.hands.now(), self.hands.tell
        self._telling.ended(outcome, status, "", now=now, tell=tell)
