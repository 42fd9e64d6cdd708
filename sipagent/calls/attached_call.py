"""One call that the provider's connector answers, from webhook to its last fact: the driver of an
``AttachedController``.

One task reads one inbox. Session events, what becomes of requests to the connector, and timers
arrive there in order; the tasks beside it only ask, send and wait. All of them belong to one
``TaskGroup`` and end with the call.

| resource     | acquired                | released  | on failure                                  |
|--------------|-------------------------|-----------|---------------------------------------------|
| call at the  | before, by the caller   | hung up,  | hung up, unless it is let go: then it lives |
| provider     |                         | or over   | on, and the journal has it                  |
| session      | ``AttachSession``       | `_finish` | attached again; hung up if it cannot be     |
| its notes    | the accept's answer     | the desk  | logged; the call goes on                    |
| its parts    | ``__init__``            | `_finish` | each as its own file says                   |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sipagent.agents.agent import RealtimeAgent
from sipagent.call_context import CALL_ID
from sipagent.deadlines import earliest
from sipagent.realtime import events as session_events
from sipagent.realtime.conversation_events import HistoryUpdated
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.session import RealtimeSession

from . import attached_commands as commands
from . import attached_events as events
from . import facts
from .attached_answer import AttachedAnswer
from .attached_controller import AttachedController, State
from .attached_conversation import AttachedConversation
from .attached_notes import CallNotes
from .attached_operator import AttachedOperator
from .attached_parts import AttachedParts
from .attached_requests import CallRequests, Connector
from .attached_session import (
    attach_failure,
    attached_options,
    call_endpoint,
)
from .attached_transfer import AttachedTransfer
from .call_tasks import CallTasks
from .commands import Finish
from .delegation_approvals import Approver, Nobody
from .events import (
    AgentFellSilent,
    CallStarted,
    HangUpRequested,
    OperatorWished,
    TimerFired,
    TransferRequested,
)
from .journal import AttachedState, CallJournal, JournalEntry
from .session_run import SessionRun
from .setup import CallSetup
from .termination import Reason, Result, Termination
from .tool_approvals import ToolApprovals

log = logging.getLogger(__name__)

Inbox: TypeAlias = events.AttachedEvent | OperatorWished | session_events.SessionEvent


class AttachedCall:
    """Drive one attached call.

    Args:
        call_id: Ours; key of logs, record and API.
        entry: What the journal has of it; one that was accepted is taken up where it is.
        setup: The call's share of its plan.
        agent: Speaks first, or next.
        endpoint: Where the provider's sessions are.
        connector: Has the call.
        journal: Where it is noted, for a process after this one.
        observer: Who is told.
        wall_clock: Returns Unix seconds.
        approver: Asked before tools run that need it; None: nobody can be.
    """

    def __init__(
        self,
        call_id: str,
        entry: JournalEntry,
        setup: CallSetup,
        agent: RealtimeAgent,
        *,
        endpoint: Endpoint,
        connector: Connector,
        journal: CallJournal,
        observer: facts.Observer,
        wall_clock: Callable[[], float],
        approver: Approver | None = None,
    ) -> None:
        self.call_id, self.realtime_call_id = call_id, entry.realtime_call_id
        self._is_resumed = entry.state is AttachedState.ACCEPTED
        self._observer, self._wall_clock = observer, wall_clock
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._inbox: asyncio.Queue[Inbox] = asyncio.Queue()
        self._controller = AttachedController(
            setup.policy, setup.rotation, max_duration_s=setup.life.max_duration_s
        )
        approver = approver or Nobody()
        self._parts = AttachedParts(
            *(call_id, entry, setup),
            endpoint=endpoint,
            connector=connector,
            approver=approver,
            wall_clock=wall_clock,
            tell=self._tell,
            post=self._inbox.put_nowait,
            start=self._start,
            request_hang_up=self.hang_up,
        )
        setup, context = self._parts.setup, self._parts.context
        self._transfer, self._agent = self._parts.transfer, setup.personas[agent.name]
        self._requests = CallRequests(connector, context, self._inbox.put_nowait)
        self._options = attached_options(setup, endpoint)
        session = RealtimeSession(
            self._agent,
            self._options,
            context=context,
            rotation=setup.rotation,
            wall_clock=wall_clock,
            history=entry.history,
        )
        there, is_accepted = call_endpoint(endpoint, entry.realtime_call_id), not self._is_resumed
        self._session = SessionRun(
            *(call_id, session, lambda: session.connect(there, is_accepted=is_accepted)),
            attach_failure,
            tell=self._tell,
            post=self._inbox.put_nowait,
        )
        self._conversation = AttachedConversation(
            setup, session, agent.name, tell=self._tell, post=self._inbox.put_nowait
        )
        asking = (approver, self._conversation.commands, self._start)
        self._approvals = ToolApprovals(call_id, setup, *asking, is_attached=True)
        self._operator = AttachedOperator(
            call_id, setup, self._conversation, self._transfer, self._hang_up, self._tell
        )
        self._notes = CallNotes(journal, entry.realtime_call_id, call_id=call_id, plan=setup.plan)
        self._entry, self._answer = entry, AttachedAnswer(entry)
        self._termination: Termination | None = None
        self._is_let_go = False

    def hang_up(self, reason: Reason, detail: str = "") -> None:
        """Ask for the end of the call; from the agent, once its last words are out. Any thread."""
        event = HangUpRequested(reason, detail)
        self._loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    def post(self, event: OperatorWished) -> None:
        """Have an operator's wish dealt with, in order."""
        self._inbox.put_nowait(event)

    def _hang_up(self, reason: Reason, detail: str, lets_finish: bool) -> None:
        self._inbox.put_nowait(HangUpRequested(reason, detail, lets_finish))

    def detach(self) -> None:
        """Leave the call to the process after this one, unless it ends already."""
        self._inbox.put_nowait(events.DetachRequested())

    async def run(self) -> Termination | None:
        """Run the call to its end, None if it was let go; never raises but for cancellation."""
        CALL_ID.set(self.call_id)
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = CallTasks(self.call_id, group)
                self._start(self._conversation.send_commands, "session commands")
                self._start(self._notes.run, "notes")
                self._start(self._parts.open, "MCP servers")
                await self._exchange()
                self._tasks.cancel()
        except* Exception as failures:
            log.exception("call=%s ended by a fault of ours", self.call_id, exc_info=failures)
            await self._release_after_fault(type(failures.exceptions[0]).__name__)
        return await self._finish()

    # The inbox.

    async def _exchange(self) -> None:
        if self._is_resumed:
            self._handle(self._answer.resumed(now=self._now(), unix_s=self._wall_clock()))
        else:
            self._handle(CallStarted())
        while self._termination is None and not self._is_let_go:
            try:
                async with asyncio.timeout_at(self._deadline()):
                    message = await self._inbox.get()
            except TimeoutError:
                self._conversation.handle_timer(self._now())
                self._handle(TimerFired())
            else:
                self._dispatch(message)

    def _deadline(self) -> float | None:
        deadlines = [self._controller.deadline(), self._conversation.deadline()]
        deadlines += [transfer.deadline() for transfer in self._transfers()]
        return earliest(deadlines)

    def _transfers(self) -> list[AttachedTransfer]:
        """Return who transfers the caller: nobody but while the two talk."""
        return [self._transfer] if self._controller.state is State.TALKING else []

    def _dispatch(self, message: Inbox) -> None:
        match message:
            case HangUpRequested(reason=Reason.AGENT_HUNG_UP) if self._transfer.is_under_way:
                log.info("call=%s ! no hang-up: the caller is being transferred", self.call_id)
            case OperatorWished(act, by, answer):
                done = self._operator.do(act, by, is_talking=bool(self._transfers()))
                if not answer.done():
                    answer.set_result(done)
            case HangUpRequested() | TransferRequested():
                self._handle(message)
                if self._conversation.is_silent:
                    self._handle(AgentFellSilent())
            case events.CallAccepted():
                self._accepted()
                self._handle(message)
            case events.CallOver() if self._transfers() and self._transfer.target:
                over = events.CallOver(Reason.TRANSFERRED, f"to {self._transfer.target}")
                self._handle(over)
            case _ if isinstance(message, events.AttachedEvent):
                self._handle(message)
            case HistoryUpdated(items=items):
                self._notes.changed(self._conversation.agent, items)
            case _:
                self._parts.told(message)
                self._approvals.told(message)
                self._conversation.handle(message)

    def _handle(self, event: events.AttachedEvent) -> None:
        for transfer in self._transfers():
            transfer.handle(event)
        for command in self._controller.handle(event, now=self._now()):
            self._carry_out(command)

    def _carry_out(self, command: commands.AttachedCommand) -> None:
        match command:
            case commands.AcceptCall():
                self._start(lambda: self._requests.accept(self._agent, self._options), "accept")
            case commands.AttachSession():
                self._start(self._session.run, "session")
            case commands.Greet():
                self._conversation.greet()
            case commands.RejectCall(status):
                self._start(lambda: self._requests.reject(status), "reject")
            case commands.HangUpCall():
                self._start(self._requests.hang_up, "hang-up")
            case commands.LetGo():
                self._is_let_go = True
            case Finish(termination):
                self._termination = termination

    def _accepted(self) -> None:
        self._tell(self._answer.accepted(now=self._now(), unix_s=self._wall_clock()))
        self._notes.accepted()

    # The end.

    def _start(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._tasks.run(work, name)

    async def _release_after_fault(self, detail: str) -> None:
        status = await self._requests.release(is_answered=self._answer.is_answered)
        self._termination = Termination(Result.FAILED, Reason.INTERNAL_ERROR, detail, status)

    async def _finish(self) -> Termination | None:
        if not self._is_let_go:
            self._conversation.finish()
        await self._session.end()
        await self._parts.close()
        if self._termination is None:
            await self._notes.write()
            return None
        talked_ms = round(self._answer.talked_s(self._now()) * 1000)
        self._tell(facts.CallEnded(self._termination, talked_ms, self._entry.extra))
        return self._termination

    def _tell(self, fact: facts.Fact) -> None:
        self._observer.tell(self.call_id, fact, at=self._now())
