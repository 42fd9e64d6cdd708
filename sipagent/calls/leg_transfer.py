"""Transfers over a leg: the driver of a ``Transfer``, between the agent's tool and the leg.

What the tool asks goes through the call's inbox, so that it keeps its place among what else
happens. A call that ends, because of the transfer or of anything else, leaves the tool unanswered:
its session, which would have to be told, is over as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sipagent.sip.call import SipCall

from . import commands
from .events import CallEvent, HangUpRequested, TransferEvent, TransferRequested
from .setup import CallSetup
from .termination import Reason
from .transfer import Transfer


class LegTransfer:
    """Carry out what the agent of one call wants of its leg.

    Args:
        setup: The call's share of its plan.
        leg: The caller's.
        post: Where events for the call go.
    """

    def __init__(self, setup: CallSetup, leg: SipCall, post: Callable[[CallEvent], None]) -> None:
        self._leg, self._post = leg, post
        self._loop = asyncio.get_running_loop()
        self._transfer = Transfer(
            setup.transfer_targets, last_words_limit_s=setup.policy.last_words_limit_s
        )
        self._asking: asyncio.Future[str] | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether the outcome of a transfer is awaited."""
        return self._transfer.is_under_way

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        return self._transfer.deadline()

    async def ask(self, target: str) -> str:
        """Transfer the caller; return what the agent is told. Cancelling it changes nothing."""
        if self._asking is not None:
            return "The caller is being transferred already."
        asking: asyncio.Future[str] = self._loop.create_future()
        self._asking = asking
        self._post(TransferRequested(target))
        try:
            return await asking
        finally:
            self._asking = None

    def handle(self, event: CallEvent) -> None:
        """Act on an event of the call, if it is about transfers."""
        if isinstance(event, TransferEvent):
            for command in self._transfer.handle(event, now=self._loop.time()):
                self._carry_out(command)

    def _carry_out(self, command: commands.TransferCommand) -> None:
        match command:
            case commands.SendRefer(target_uri):
                self._leg.refer(target_uri)
            case commands.AnswerTransfer(text):
                if self._asking is not None and not self._asking.done():
                    self._asking.set_result(text)
            case commands.EndTransferred(target):
                self._post(HangUpRequested(Reason.TRANSFERRED, f"to {target}"))
