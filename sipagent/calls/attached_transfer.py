"""Transfers of an attached call: the driver of a ``Transfer``, between the agent's tool and the
provider's connector.

The connector sends the REFER and does not tell what came of it: the agent learns that the caller
is on the way, and if the call ends soon afterwards that was why (Realtime: POST
/realtime/calls/{call_id}/refer). What the tool asks goes through the call's inbox, in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from sipagent.errors import CallGone, SessionError, SessionRejected

from .attached_events import AttachedEvent
from .attached_requests import Connector
from .events import TransferEvent, TransferProgressed, TransferRequested
from .setup import CallSetup
from .transfer import Transfer
from .transfer_commands import AnswerTransfer, EndTransferred, SendRefer, TransferCommand
from .transfer_setup import TransferTarget
from .transfer_wish import ALREADY, TransferApproval, TransferWish, unknown_target

log = logging.getLogger(__name__)

UNAVAILABLE = 503
"""RFC 3261 section 21.5.4: what is told of a connector that cannot be reached."""

ON_THE_WAY = "The caller is being transferred."


class AttachedTransfer:
    """Carry out what the agent of one call wants of the connector.

    Args:
        setup: The call's share of its plan.
        realtime_call_id: The provider's id of the call.
        connector: Has the call.
        approval: Asked where the plan wants it.
        post: Where events for the call go.
        start: Runs something beside the call, to its end or the call's.
    """

    def __init__(
        self,
        setup: CallSetup,
        realtime_call_id: str,
        connector: Connector,
        approval: TransferApproval,
        *,
        post: Callable[[AttachedEvent], None],
        start: Callable[[Callable[[], Awaitable[None]], str], None],
    ) -> None:
        self._realtime_call_id, self._connector = realtime_call_id, connector
        self._post, self._start = post, start
        self._loop = asyncio.get_running_loop()
        self._setup, self._approval = setup.transfer, approval
        self._transfer = Transfer(
            {name: target.uri for name, target in setup.transfer.targets.items()},
            last_words_limit_s=setup.policy.last_words_limit_s,
        )
        self._asking: asyncio.Future[str] | None = None
        self._tell_agent: Callable[[str], None] | None = None
        self._target = ""
        self._is_sent = False

    @property
    def is_under_way(self) -> bool:
        """Tell whether a transfer is being made, as far as anybody knows."""
        return self._transfer.is_under_way

    @property
    def target(self) -> str:
        """Whom the connector sent the caller to, if it may be why a call ends now."""
        return self._target if self._is_sent and self._transfer.is_under_way else ""

    @property
    def is_wanted(self) -> bool:
        """Tell whether a transfer is under way, or a person is asked to allow it."""
        return self._asking is not None or self.is_under_way

    @property
    def targets(self) -> Mapping[str, TransferTarget]:
        """Where the plan transfers callers."""
        return self._setup.targets

    def order(self, target: str, uri: str, tell_agent: Callable[[str], None]) -> None:
        """Transfer the caller, because a person wants it; nothing of the kind may be wanted yet.

        Args:
            target: A name of the plan's, or of whoever is at ``uri``.
            uri: Of somebody whom the plan does not know.
            tell_agent: Is told what comes of it.
        """
        self._tell_agent = tell_agent
        self._post(TransferRequested(target, uri=uri))

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        return self._transfer.deadline()

    async def ask(self, wish: TransferWish) -> str:
        """Transfer the caller; return what the agent is told. Cancelling it changes nothing.

        The target cannot be asked first: the provider has no second call to offer.
        """
        if self._asking is not None:
            return ALREADY
        if wish.target not in self._setup.targets:
            return unknown_target(self._setup)
        asking: asyncio.Future[str] = self._loop.create_future()
        self._asking = asking
        try:
            if why := await self._approval.objection(wish):
                return why
            self._post(TransferRequested(wish.target))
            return await asking
        finally:
            self._asking = None

    def handle(self, event: AttachedEvent) -> None:
        """Act on an event of the call, if it is about transfers."""
        if isinstance(event, TransferRequested) and not self._transfer.is_under_way:
            self._target, self._is_sent = event.target, False
        if isinstance(event, TransferEvent):
            for command in self._transfer.handle(event, now=self._loop.time()):
                self._carry_out(command)

    def _carry_out(self, command: TransferCommand) -> None:
        match command:
            case SendRefer(target_uri):
                self._is_sent = True
                self._start(lambda: self._refer(target_uri), "transfer")
            case AnswerTransfer(text):
                self._answer(text)
            case EndTransferred():
                pass  # nobody tells of it here: the call just ends

    async def _refer(self, target_uri: str) -> None:
        try:
            await self._connector.refer(self._realtime_call_id, target_uri)
        except CallGone:
            return  # the socket tells the end
        except SessionError as error:
            log.warning("%s ! transfer: %s", self._realtime_call_id, error)
            status = error.status if isinstance(error, SessionRejected) else UNAVAILABLE
            self._post(TransferProgressed(status or UNAVAILABLE, is_final=True))
        else:
            self._answer(ON_THE_WAY)

    def _answer(self, text: str) -> None:
        tell_agent, self._tell_agent = self._tell_agent, None
        if tell_agent is not None:
            tell_agent(text)
        elif self._asking is not None and not self._asking.done():
            self._asking.set_result(text)
