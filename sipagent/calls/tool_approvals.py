"""Tools of voice agents that a person must allow: asked while the two go on talking.

The session holds the call of the tool back and says so; whoever runs the appliance is asked, and
the word goes back to the session, which runs the tool or tells the model why not. The agent says in
the meantime that it takes a moment. A question is withdrawn when it is settled otherwise: nobody
decided in the session's time, or the session was lost or replaced and the call is known no more.
The endpoint of an attached call knows it still: the word waits until it is attached to again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sipagent.realtime.approvals import ApprovalRequest
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.conversation_events import ToolApprovalRequested
from sipagent.realtime.events import Disconnected, ToolEnded

from .delegation_approvals import MAX_ARGUMENTS_CHARS, Approver, Question
from .delegation_text import TOO_LONG_TO_APPROVE
from .inbox import Inbox
from .part import CallHands, CallPart
from .session_commands import SessionCommands
from .setup import CallSetup


class ToolApprovals:
    """Get a person's word for the tools of one call.

    Args:
        call_id: Ours.
        setup: The call's share of its plan.
        approver: Who asks.
        commands: To the call's session.
        run: Starts a task that ends with the call; takes its name.
        is_attached: Whether the session knows its calls whatever its connection.
    """

    def __init__(
        self,
        call_id: str,
        setup: CallSetup,
        approver: Approver,
        commands: SessionCommands,
        run: Callable[[Callable[[], Awaitable[None]], str], None],
        *,
        is_attached: bool = False,
    ) -> None:
        self._call_id, self._plan, self._notice = call_id, setup.plan, setup.on_approval
        self._approver, self._commands, self._run = approver, commands, run
        self._is_attached = is_attached
        self._asking: dict[str, asyncio.Task[None] | None] = {}
        self._is_connected = asyncio.Event()
        self._is_connected.set()

    def told(self, event: object) -> None:
        """Act on one event of the session."""
        match event:
            case ToolApprovalRequested(request=ApprovalRequest() as request):
                self._asked(request)
            case ToolEnded(tool_call_id=tool_call_id):
                self._withdraw(tool_call_id)
            case ConnectionLost() if self._is_attached:
                self._is_connected.clear()
            case Reconnected() if self._is_attached:
                self._is_connected.set()
            case ConnectionLost() | Reconnected() | Disconnected():
                for tool_call_id in list(self._asking):
                    self._withdraw(tool_call_id)
            case _:
                pass

    def _asked(self, request: ApprovalRequest) -> None:
        if len(request.arguments) > MAX_ARGUMENTS_CHARS:
            self._commands.reject(request, TOO_LONG_TO_APPROVE)
            return
        if self._notice:
            self._commands.respond(self._notice)
        self._asking[request.tool_call_id] = None
        self._run(lambda: self._ask(request), f"approval of {request.tool_name}")

    async def _ask(self, request: ApprovalRequest) -> None:
        if request.tool_call_id not in self._asking:  # withdrawn before it began
            return
        self._asking[request.tool_call_id] = asyncio.current_task()
        question = Question(
            self._call_id, self._plan, request.agent_name, request.tool_name, request.arguments
        )
        verdict = await self._approver.ask(question)
        await self._is_connected.wait()
        if self._asking.pop(request.tool_call_id, None) is None:
            return
        if verdict.is_approved:
            self._commands.approve(request)
        else:
            self._commands.reject(request, verdict.message or None)

    def _withdraw(self, tool_call_id: str) -> None:
        task = self._asking.pop(tool_call_id, None)
        if task is not None:
            task.cancel()


class LegApprovals(CallPart):
    """The same as a part of a call over a leg.

    Args:
        approver: Who asks.
    """

    def __init__(self, approver: Approver) -> None:
        super().__init__()
        self._approver = approver
        self._approvals: ToolApprovals | None = None

    def join(self, hands: CallHands) -> None:
        """Take part in a call that begins."""
        super().join(hands)
        commands = hands.conversation.commands
        self._approvals = ToolApprovals(
            hands.call_id, hands.setup, self._approver, commands, hands.run
        )

    def handle(self, message: Inbox) -> None:
        """Act on what arrived."""
        if self._approvals is not None:
            self._approvals.told(message)
