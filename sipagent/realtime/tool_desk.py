"""Function calls, handoffs and approvals of a session: who may do what, and what is told of it.

    called    --known tool-->             run, or asked about first
    called    --known handoff-->          handed over, the first of a response only
    called    --nobody knows it-->        answered so, told as an error
    called    --again, for the same-->    answered from memory
    called    --again, for another-->     told as an error
    asked     --approved-->               run
    asked     --rejected, too late-->     answered with the rejection
    unknown   --its process is gone-->    answered so, if a call's history has it

Whatever becomes of a call, the model gets an answer, unless a tool was declared to give none.
No I/O, no clock.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from sipagent.agents.handoffs import IGNORED_HANDOFF, Handoff
from sipagent.agents.resolving import ResolvedAgent
from sipagent.agents.tools import FunctionTool, ToolOutcome
from sipagent.wire import server
from sipagent.wire.events import Json

from . import events
from .approvals import (
    ApprovalRequest,
    Approvals,
    AskApproval,
    Command,
    RejectTool,
    ReportError,
    RunTool,
)
from .conversation_events import ToolApprovalRequested
from .history_feed import HistoryFeed
from .outbox import Outbox
from .tool_calls import HandoffCall, ResponsePolicy, ToolCall, ToolCalls
from .tool_outputs import ToolOutputs

log = logging.getLogger(__name__)

INTERRUPTED = "The tool was interrupted and gave no result."


class ToolDesk:
    """Decide what becomes of each call.

    Args:
        out: Where it is said.
        feed: Keeps what tools said.
        approvals: Of the session, whatever its connection.
        generation: Of the connection.
        policy: When the model goes on.
        is_attached: Whether another connection may go on with the calls.
    """

    def __init__(
        self,
        out: Outbox,
        feed: HistoryFeed,
        approvals: Approvals,
        generation: int,
        policy: ResponsePolicy,
        *,
        is_attached: bool = False,
    ) -> None:
        self._out, self._feed = out, feed
        self._approvals, self._generation = approvals, generation
        self._calls = ToolCalls(policy)
        self._asked: dict[str, ToolCall] = {}
        self._outputs = ToolOutputs(is_attached=is_attached)

    # The connection.

    def move(self, out: Outbox) -> None:
        """Say everything over another connection, whose endpoint knows the same calls."""
        self._out = out

    def resumed(self, *, is_asked: bool) -> bool:
        """Send again what was not confirmed; return whether calls want a response.

        Their own response may have ended unheard.

        Args:
            is_asked: Whether a response was asked for that has not begun.
        """
        self._out.send(*self._outputs.again(is_asked=is_asked))
        return self._calls.resumed()

    def take(self, event: server.ServerEvent) -> None:
        """Note which outputs the endpoint has."""
        match event:
            case server.ConversationItemAdded(item=item) | server.ConversationItemDone(item=item):
                if self._outputs.added(item):
                    self._out.request_response()
            case _:
                pass

    def is_refused_again(self, event_id: str | None) -> bool:
        """Tell whether an error says that an output was there before it was sent again."""
        return self._outputs.is_refused_again(event_id)

    # What the endpoint says.

    def response_created(self, response_id: str, agent: ResolvedAgent) -> None:
        """Note that a response began while ``agent`` spoke."""
        self._calls.begin(response_id, agent)

    def agent_of(self, response_id: str, default: ResolvedAgent) -> ResolvedAgent:
        """Return who was speaking when the response began; of one never announced, ``default``."""
        return self._calls.agent_of(response_id, default)

    def response_done(self, response_id: str, *, was_cancelled: bool) -> None:
        """Note the end of a response; ask for the next if its calls want one."""
        if self._calls.response_done(response_id, was_cancelled=was_cancelled):
            self._out.request_response()

    def called(self, response_id: str, item: Json, current: ResolvedAgent, *, now: float) -> None:
        """Take a completed ``function_call`` item."""
        tool_call_id, name = str(item.get("call_id", "")), str(item.get("name", ""))
        arguments = str(item.get("arguments") or "")
        agent = self._calls.agent_of(response_id, current)
        if self._calls.is_repeated(tool_call_id):
            self._repeated(response_id, tool_call_id, name, arguments, now=now)
            return
        self._calls.started(response_id, tool_call_id, name, arguments)
        match agent.find(name):
            case FunctionTool() as tool:
                self._out.start(ToolCall(response_id, tool_call_id, name, arguments, tool, agent))
            case Handoff() as handoff if self._calls.may_hand_off(response_id):
                self._out.start(HandoffCall(response_id, tool_call_id, arguments, handoff, agent))
            case Handoff():
                self._answer(response_id, tool_call_id, ToolOutcome(IGNORED_HANDOFF), now)
            case None:
                log.warning("! the model called a tool it does not have: %s", name[:64])
                outcome = ToolOutcome(f"Tool {name} not found", has_failed=True)
                self._answer(response_id, tool_call_id, outcome, now)
                self._error("tool_not_found", f"there is no tool {name[:64]!r}", now)

    # What comes back.

    @property
    def is_working(self) -> bool:
        """Tell whether a call is being carried out, and not only asked about."""
        return self._calls.pending > len(self._asked)

    def approval_needed(self, call: ToolCall, *, now: float) -> None:
        """Ask whether ``call`` may run."""
        self._asked[call.tool_call_id] = call
        self._carry_out(self._approvals.request(self._request(call), now=now), now=now)

    def started(self, call: ToolCall, *, now: float) -> None:
        """Note that a tool begins to run."""
        self._out.tell(events.ToolStarted(call.tool_call_id, call.name, call.arguments, now))

    def ended(self, call: ToolCall, outcome: ToolOutcome, *, duration_s: float, now: float) -> None:
        """Send a tool's output, and ask the model to go on when it was the last one."""
        if outcome.error is not None:
            self._error("tool_failed", f"{call.name}: {type(outcome.error).__name__}", now)
        must_respond = self._answered(call.response_id, call.tool_call_id, outcome, now)
        self._out.tell(
            events.ToolEnded(
                call.tool_call_id,
                call.name,
                call.arguments,
                outcome.output,
                outcome.has_failed,
                duration_s,
                now,
            )
        )
        if must_respond:
            self._out.request_response()

    def handed_over(self, call: HandoffCall, outcome: ToolOutcome, *, now: float) -> None:
        """Send the output of a handoff, done or failed."""
        if outcome.error is not None:
            kind = type(outcome.error).__name__
            self._error("handoff_failed", f"{call.handoff.tool_name}: {kind}", now)
        self._answer(call.response_id, call.tool_call_id, outcome, now)

    # What the owner decides.

    @property
    def pending_approvals(self) -> Sequence[ApprovalRequest]:
        """What waits for a decision, oldest first."""
        return self._approvals.pending

    def approve(self, request: ApprovalRequest, *, always: bool, now: float) -> None:
        """Let a call run."""
        self._carry_out(self._approvals.approve(request, always_approve=always), now=now)

    def reject(
        self, request: ApprovalRequest, *, message: str | None, always: bool, now: float
    ) -> None:
        """Do not let a call run."""
        commands = self._approvals.reject(request, message=message, always_reject=always)
        self._carry_out(commands, now=now)

    def deadline(self) -> float | None:
        """Return when :meth:`expire` is due, or None."""
        return self._approvals.deadline()

    def expire(self, *, now: float) -> None:
        """Reject what nobody decided on in time."""
        self._carry_out(self._approvals.expire(now=now), now=now)

    def _carry_out(self, commands: Sequence[Command], *, now: float) -> None:
        for command in commands:
            match command:
                case AskApproval(request):
                    agent = self._asked[request.tool_call_id].agent.agent
                    self._out.tell(ToolApprovalRequested(agent, request, now))
                case RunTool(request):
                    call = self._asked.pop(request.tool_call_id)
                    self._out.start(replace(call, is_approved=True))
                case RejectTool(request, output):
                    call = self._asked.pop(request.tool_call_id)
                    self.started(call, now=now)
                    self.ended(call, ToolOutcome(output), duration_s=0.0, now=now)
                case ReportError(message=message):
                    self._error("approval_unknown", message, now)

    def _request(self, call: ToolCall) -> ApprovalRequest:
        name = call.agent.agent.name
        return ApprovalRequest(call.tool_call_id, call.name, call.arguments, name, self._generation)

    def _repeated(
        self, response_id: str, tool_call_id: str, name: str, arguments: str, *, now: float
    ) -> None:
        if not self._calls.is_same(tool_call_id, name, arguments):
            self._error("tool_call_id_reused", f"call id {tool_call_id} names another call", now)
            return
        known = self._calls.outcome_of(tool_call_id)
        if known is not None and known.is_sent:
            self._calls.started(response_id, tool_call_id, name, arguments)
            self._answer(response_id, tool_call_id, known, now)

    def interrupted(self, tool_call_ids: Sequence[str]) -> None:
        """Answer calls of a process that is gone, and let the model go on; nobody is told."""
        for tool_call_id in tool_call_ids:
            self._out.send(self._outputs.instead(tool_call_id, INTERRUPTED))
            self._feed.history.function_output(tool_call_id, INTERRUPTED)
        if tool_call_ids:
            self._out.request_response()

    def _answer(
        self, response_id: str, tool_call_id: str, outcome: ToolOutcome, now: float
    ) -> None:
        if self._answered(response_id, tool_call_id, outcome, now):
            self._out.request_response()

    def _answered(
        self, response_id: str, tool_call_id: str, outcome: ToolOutcome, now: float
    ) -> bool:
        """Send an output; return whether the model is to go on now."""
        if outcome.is_sent:
            self._out.send(self._outputs.first(tool_call_id, outcome.output))
            self._out.tell(*self._feed.answered(tool_call_id, outcome.output, now=now))
        return self._calls.ended(response_id, tool_call_id, outcome)

    def _error(self, code: str, message: str, now: float) -> None:
        self._out.tell(events.SessionErrorReported(code, message, "", False, now))
