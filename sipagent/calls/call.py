"""One call over a leg, from INVITE to its last fact: the driver of a ``CallController``.

One task reads one inbox. Leg events, session events, media facts and timers arrive there in order
and are turned into commands by the controller and by ``Conversation``; the tasks beside it only
pump. All of them belong to one ``TaskGroup`` and end with the call.

| resource          | acquired             | released        | on failure                     |
|-------------------|----------------------|-----------------|--------------------------------|
| leg (``SipCall``) | before, by ``sip``   | ``_finish``     | hung up with Q.850 cause 41    |
| session           | ``OpenSession``      | ``CloseSession``| replaced, with a filler; if it |
|                   |                      |                 | cannot be, the apology         |
| parts             | ``__init__``         | ``_finish``     | each as its own file says      |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from sipagent.call_context import CALL_ID
from sipagent.deadlines import earliest
from sipagent.realtime import events as session_events
from sipagent.realtime.transport import Endpoint
from sipagent.sip import events as sip_events
from sipagent.sip.call import SipCall

from . import commands, facts
from . import events as call_events
from .call_tasks import CallTasks
from .consult import Dial, no_line
from .controller import CallController, State
from .conversation import Conversation
from .delegation_approvals import Approver, Nobody
from .inbox import Inbox
from .leg_answer import LegAnswer
from .leg_commands import carry_out, release
from .leg_events import call_event_of
from .leg_parts import leg_parts
from .leg_playback import LegPlayback
from .leg_prompts import NOT_SAID, play
from .leg_session import leg_context, leg_session
from .part import CallHands
from .session_run import SessionRun, session_failed
from .setup import CallSetup, leg_format
from .termination import Reason, Result, Termination
from .vault import RedactedFacts

log = logging.getLogger(__name__)


class Call:
    """Drive one call.

    Args:
        call_id: Ours; key of logs, record and API.
        leg: Neither progressed nor answered yet; of an outgoing call, dialled just now.
        setup: The call's share of its plan.
        controller: Decides its life; new.
        endpoint: Where the speech model is.
        observer: Who is told.
        answer: Knows when the INVITE was.
        recordings_dir: Where the stereo recording goes, if the plan wants one.
        wall_clock: Returns Unix seconds: sessions expire by the endpoint's calendar.
        approver: Asked before tools run that need it; None: nobody can be.
        dial: Calls somebody else, beside the caller.
    """

    def __init__(
        self,
        call_id: str,
        leg: SipCall,
        setup: CallSetup,
        controller: CallController,
        endpoint: Endpoint,
        observer: facts.Observer,
        *,
        answer: LegAnswer,
        recordings_dir: Path,
        wall_clock: Callable[[], float],
        approver: Approver | None = None,
        dial: Dial = no_line,
    ) -> None:
        self.call_id = call_id
        self._leg, self._setup, self._controller = leg, setup, controller
        self._observer, self._answer = RedactedFacts(observer), answer
        leg.wishes = setup.line.wishes
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._inbox: asyncio.Queue[Inbox] = asyncio.Queue()
        playback = LegPlayback()
        self._parts = leg_parts(
            call_id,
            setup,
            leg.invite,
            recordings_dir=recordings_dir,
            wall_clock=wall_clock,
            is_outgoing=answer.is_outgoing,
            dial=dial,
            approver=approver or Nobody(),
            endpoint=endpoint,
        )
        context = leg_context(
            call_id,
            leg.invite,
            self._parts.transfer.ask,
            self.hang_up,
            self._parts,
            setup=setup,
            is_outgoing=answer.is_outgoing,
        )
        session = leg_session(
            self._parts.mcp.setup, leg.invite, context, playback, wall_clock, self._tell
        )
        self._session = SessionRun(
            *(call_id, session, lambda: session.connect(endpoint), session_failed),
            tell=self._tell,
            post=self._inbox.put_nowait,
        )
        self._conversation = Conversation(
            setup,
            session,
            audio_format=leg_format(leg.invite.offered_codecs, setup.line.wishes),
            tell=self._tell,
            post=self._inbox.put_nowait,
        )
        playback.attach(self._conversation.cut, lambda: self._conversation.is_silent)
        self._termination: Termination | None = None

    def hang_up(self, reason: Reason, detail: str = "") -> None:
        """Ask for the end of the call; from the agent, once its last words are out. Any thread."""
        self.post(call_events.HangUpRequested(reason, detail))

    def post(self, event: call_events.CallEvent) -> None:
        """Have something happen to the call. Any thread."""
        self._loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    async def run(self) -> Termination:
        """Run the call to its end; never raises but for cancellation."""
        CALL_ID.set(self.call_id)
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = CallTasks(self.call_id, group)
                self._join_parts()
                self._tasks.run(self._pump_leg, "leg")
                self._tasks.run(self._conversation.send_commands, "session commands")
                await self._exchange()
                self._tasks.cancel()
        except* Exception as failures:
            log.exception("call=%s ended by a fault of ours", self.call_id, exc_info=failures)
            self._release_after_fault(type(failures.exceptions[0]).__name__)
        return await self._finish()

    def _join_parts(self) -> None:
        hands = CallHands(
            self.call_id,
            self._setup,
            self._leg,
            self._conversation,
            tell=self._tell,
            post=self._inbox.put_nowait,
            run=self._tasks.run,
            now=self._now,
            is_talking=lambda: self._controller.state is State.TALKING,
            dismiss=self._close_session,
        )
        self._parts.join(hands)

    # The inbox.

    async def _exchange(self) -> None:
        self._handle(call_events.CallStarted())
        while self._termination is None:
            try:
                async with asyncio.timeout_at(self._deadline()):
                    message = await self._inbox.get()
            except TimeoutError:
                self._conversation.handle_timer(self._now())
                self._handle(call_events.TimerFired())
                self._parts.handle_timer(self._now())
            else:
                self._dispatch(message)
                self._parts.handle(message)

    def _deadline(self) -> float | None:
        timed = (self._controller, self._conversation, self._parts)
        return earliest(each.deadline() for each in timed)

    def _dispatch(self, message: Inbox) -> None:
        match message:
            case call_events.HangUpRequested():
                self._wind_down(message)
            case call_events.SessionFailed() if self._parts.fallback.puts_off(message):
                pass
            case _ if isinstance(message, call_events.CallEvent):
                self._handle(message)
            case _ if isinstance(message, session_events.SessionEvent):
                if not self._session.is_closed:
                    self._conversation.handle(message)
            case _:
                self._leg_told(message)

    def _leg_told(self, event: sip_events.SipEvent | sip_events.MediaFact) -> None:
        if (known := call_event_of(event)) is not None:
            self._handle(known)
        match event:
            case sip_events.MediaStarted(codec=codec, srtp=srtp):
                self._answered(self._answer.media_started(codec, self._now(), srtp))
            case sip_events.Confirmed():
                self._answered(self._answer.confirmed(self._now()))
            case sip_events.FirstFramePlayed(item_id, at) if item_id not in NOT_SAID:
                self._conversation.first_frame_played(item_id, at)
            case sip_events.ItemPlayed(item_id, at) if item_id not in NOT_SAID:
                self._conversation.item_played(item_id, at)
            case _:
                pass

    def _wind_down(self, event: call_events.HangUpRequested) -> None:
        if event.reason is Reason.AGENT_HUNG_UP and self._parts.transfer.is_under_way:
            log.info("call=%s ! no hang-up: the caller is being transferred", self.call_id)
            return
        self._handle(event)
        if self._conversation.is_silent:
            self._handle(call_events.AgentFellSilent())

    def _handle(self, event: call_events.CallEvent) -> None:
        for command in self._controller.handle(event, now=self._now()):
            self._carry_out(command)

    def _carry_out(self, command: commands.CallCommand) -> None:
        match command:
            case commands.OpenSession():
                self._tasks.run(self._session.run, "session")
            case commands.StartConversation():
                self._start_conversation(greets=command.greets)
            case _ if isinstance(command, commands.PromptCommand):
                if isinstance(command, commands.PlayApology):
                    self._conversation.finish()
                play(self._leg, self._setup.prompts, command)
            case commands.CloseSession():
                self._close_session()
            case commands.TransferCaller():
                self._parts.fallback.transfer(command)
            case commands.Finish(termination):
                self._termination = termination
            case _:
                carry_out(self._leg, command)

    # The leg.

    async def _pump_leg(self) -> None:
        while True:
            self._inbox.put_nowait(await self._leg.events.get())

    def _answered(self, fact: facts.CallAnswered | None) -> None:
        if fact is not None:
            self._tell(fact)
        if self._answer.can_talk:
            self._handle(call_events.LegConfirmed())

    def _start_conversation(self, *, greets: bool) -> None:
        media = self._leg.media
        assert media is not None
        if self._setup.prompts.announcement is not None:
            media.skip_inbound()  # what the caller said meanwhile was said to nobody
        heard = self._parts.hear(media)
        self._conversation.start(media, greets=greets)
        self._tasks.run(lambda: self._conversation.send_caller_audio(heard), "caller audio")

    def _close_session(self) -> None:
        if not self._session.is_closed:
            self._session.is_closed = True
            self._tasks.run(self._session.close, "closing session")

    # The end.

    def _release_after_fault(self, detail: str) -> None:
        status = release(self._leg, self._answer)
        self._termination = Termination(Result.FAILED, Reason.INTERNAL_ERROR, detail, status)

    async def _finish(self) -> Termination:
        assert self._termination is not None
        self._conversation.finish()
        await self._session.end()
        extra = await self._parts.close()
        talked_ms = round(self._answer.talked_s(self._now()) * 1000)
        self._tell(facts.CallEnded(self._termination, talked_ms, extra))
        return self._termination

    def _tell(self, fact: facts.Fact) -> None:
        self._observer.tell(self.call_id, fact, at=self._now())
