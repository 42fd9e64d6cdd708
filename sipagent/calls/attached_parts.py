"""What an attached call is made of beside its life and its conversation, made before its session:
tools reach it.

| resource    | acquired              | released | on failure                        |
|-------------|-----------------------|----------|-----------------------------------|
| MCP servers | ``open``              | ``close``| the agents go without their tools |
| delegation  | a tool of the agent   | ``close``| a sentence for the caller         |
| judges      | first judgement       | ``close``| as the plan says                  |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sipagent.realtime import events as session_events
from sipagent.realtime.endpoint import Endpoint

from .attached_events import AttachedEvent
from .attached_requests import Connector
from .attached_session import attached_context, attached_messages
from .attached_transfer import AttachedTransfer
from .delegation import call_delegation
from .delegation_approvals import Approver
from .facts import Fact
from .journal import JournalEntry
from .judges import Judges
from .mcp import CallMcp
from .setup import CallSetup
from .termination import Reason
from .transfer_wish import TransferApproval


class AttachedParts:
    """Make the parts that the plan of a call asks for, and let go of them.

    Args:
        call_id: Ours.
        entry: What the journal has of the call.
        setup: The call's share of its plan.
        endpoint: Where the speech model is.
        connector: Has the call.
        approver: Asked before tools run that need it.
        wall_clock: Returns Unix seconds.
        tell: Takes facts.
        post: Where events for the call go.
        start: Runs something beside the call, to its end or the call's.
        request_hang_up: Ends the call, because its agent wants it.
    """

    def __init__(
        self,
        call_id: str,
        entry: JournalEntry,
        setup: CallSetup,
        *,
        endpoint: Endpoint,
        connector: Connector,
        approver: Approver,
        wall_clock: Callable[[], float],
        tell: Callable[[Fact], None],
        post: Callable[[AttachedEvent], None],
        start: Callable[[Callable[[], Awaitable[None]], str], None],
        request_hang_up: Callable[[Reason, str], None],
    ) -> None:
        self._mcp = CallMcp(call_id, setup.mcp, tell)
        self.setup = self._mcp.equip(setup)
        """With agents that have the servers."""
        self.transfer = AttachedTransfer(
            setup,
            entry.realtime_call_id,
            connector,
            TransferApproval(call_id, setup.plan, setup.transfer, approver),
            post=post,
            start=start,
        )
        self._delegation = call_delegation(call_id, setup, endpoint, approver)
        self._judges = Judges(call_id, setup.script, endpoint)
        self.context = attached_context(
            call_id,
            entry,
            self.transfer.ask,
            request_hang_up,
            self._delegation,
            attached_messages(call_id, setup, entry, tell, wall_clock),
            self._judges,
            setup.words,
        )
        """What tools are told of the call."""

    async def open(self) -> None:
        """Connect what takes a while; never raises but for cancellation."""
        await self._mcp.open()

    def told(self, event: session_events.SessionEvent) -> None:
        """Take what the session says."""
        if self._delegation is not None:
            self._delegation.told(event)

    async def close(self) -> None:
        """Let go of everything."""
        await self._mcp.close()
        await self._judges.close()
        if self._delegation is not None:
            await self._delegation.close()
