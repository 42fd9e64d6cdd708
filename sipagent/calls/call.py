"""One incoming call, from INVITE to its last fact: the driver of a ``CallController``.

One task reads one inbox. Leg events, session events, media facts and timers arrive there in order
and are turned into commands by the controller and by ``Conversation``; the tasks beside it only
pump. All of them belong to one ``TaskGroup`` and end with the call.

| resource          | acquired             | released        | on failure                     |
|-------------------|----------------------|-----------------|--------------------------------|
| leg (``SipCall``) | before, by ``sip``   | ``_finish``     | hung up with Q.850 cause 41    |
| session           | ``OpenSession``      | ``CloseSession``| replaced, with a filler; if it |
|                   |                      |                 | cannot be, the apology         |
| parts             | ``__init__``         | ``_finish``     | each as its own file says      |
| delegation        | a tool of the agent  | ``_finish``     | a sentence for the caller      |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from sipagent.errors import SessionError
from sipagent.realtime import events as session_events
from sipagent.realtime.transport import Endpoint
from sipagent.sip import events as sip_events
from sipagent.sip.call import SipCall

from . import commands, facts
from . import events as call_events
from .controller import TEMPORARY_FAILURE, CallController, State
from .conversation import Conversation
from .delegation import call_delegation
from .delegation_approvals import Approver, Nobody
from .inbox import Inbox
from .leg_parts import leg_parts
from .leg_playback import LegPlayback
from .leg_session import leg_context, leg_session, line_measured
from .leg_transfer import LegTransfer
from .part import CallHands
from .setup import CallSetup, leg_format
from .termination import Reason, Result, Termination, session_failure

log = logging.getLogger(__name__)

APOLOGY_ITEM = "apology"

CLOSE_LIMIT_S = 1.0
"""How long the endpoint may take to answer our close frame (RFC 6455 section 7.1.1)."""


class Call:
    """Drive one incoming call.

    Args:
        call_id: Ours; key of logs, record and API.
        leg: Neither progressed nor answered yet.
        setup: The call's share of its plan.
        endpoint: Where the speech model is.
        observer: Who is told.
        offered_at: Monotonic seconds of the INVITE.
        recordings_dir: Where the stereo recording goes, if the plan wants one.
        wall_clock: Returns Unix seconds: sessions expire by the endpoint's calendar.
        approver: Asked before tools run that need it; None: nobody can be.
    """

    def __init__(
        self,
        call_id: str,
        leg: SipCall,
        setup: CallSetup,
        endpoint: Endpoint,
        observer: facts.Observer,
        *,
        offered_at: float,
        recordings_dir: Path,
        wall_clock: Callable[[], float],
        approver: Approver | None = None,
    ) -> None:
        self.call_id = call_id
        self._leg, self._setup, self._endpoint = leg, setup, endpoint
        self._observer, self._offered_at = observer, offered_at
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._inbox: asyncio.Queue[Inbox] = asyncio.Queue()
        self._controller = CallController(setup.policy)
        self._transfer = LegTransfer(setup, leg, self._inbox.put_nowait)
        playback = LegPlayback()
        self._delegation = call_delegation(call_id, setup, endpoint, approver or Nobody())
        self._parts = leg_parts(call_id, setup, recordings_dir=recordings_dir)
        context = leg_context(call_id, leg.invite, self._transfer, self.hang_up, self._delegation)
        self._session = leg_session(setup, leg.invite, context, playback, wall_clock)
        self._conversation = Conversation(
            setup,
            self._session,
            audio_format=leg_format(leg.invite.offered_codecs),
            tell=self._tell,
            post=self._inbox.put_nowait,
        )
        playback.attach(self._conversation.cut, lambda: self._conversation.is_silent)
        self._answered_at: float | None = None
        self._has_ack = False
        self._is_session_closed = False
        self._pumps: list[asyncio.Task[None]] = []
        self._termination: Termination | None = None

    def hang_up(self, reason: Reason, detail: str = "") -> None:
        """Ask for the end of the call; from the agent, once its last words are out. Any thread."""
        event = call_events.HangUpRequested(reason, detail)
        self._loop.call_soon_threadsafe(self._inbox.put_nowait, event)

    async def run(self) -> Termination:
        """Run the call to its end; never raises but for cancellation."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._join_parts()
                self._pump(self._pump_leg, "leg")
                self._pump(self._conversation.send_commands, "session commands")
                await self._exchange()
                for task in self._pumps:
                    task.cancel()
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
            run=self._pump,
            now=self._now,
        )
        for part in self._parts:
            part.join(hands)

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
                for part in self._parts:
                    part.handle_timer(self._now())
            else:
                self._dispatch(message)
                for part in self._parts:
                    part.handle(message)

    def _deadline(self) -> float | None:
        deadlines = [self._controller.deadline(), self._conversation.deadline()]
        if self._is_talking:
            deadlines.append(self._transfer.deadline())
        deadlines += [part.deadline() for part in self._parts]
        return min((at for at in deadlines if at is not None), default=None)

    @property
    def _is_talking(self) -> bool:
        return self._controller.state is State.TALKING

    def _dispatch(self, message: Inbox) -> None:
        match message:
            case call_events.HangUpRequested():
                self._wind_down(message)
            case call_events.TransferRequested():
                self._handle_when_silent(message)
            case _ if isinstance(message, call_events.CallEvent):
                self._handle(message)
            case _ if isinstance(message, session_events.SessionEvent):
                if self._delegation is not None:
                    self._delegation.told(message)
                if not self._is_session_closed:
                    self._conversation.handle(message)
            case _:
                self._leg_told(message)

    def _leg_told(self, event: sip_events.SipEvent | sip_events.MediaFact) -> None:
        match event:
            case sip_events.MediaStarted():
                self._media_started(event)
            case sip_events.Confirmed():
                self._has_ack = True
                self._confirm_when_heard()
            case sip_events.Disconnected(status=status, reason=reason, by_peer=by_peer):
                self._handle(call_events.LegDisconnected(status, by_peer, reason))
            case sip_events.DtmfReceived(digit=digit):
                self._conversation.digit_pressed(digit)
            case sip_events.ReferProgressed(status=status, is_final=is_final):
                self._handle(call_events.TransferProgressed(status, is_final))
            case sip_events.FirstFramePlayed(item_id=item_id, at=at):
                if item_id != APOLOGY_ITEM:
                    self._conversation.first_frame_played(item_id, at)
            case sip_events.ItemPlayed(item_id=item_id, at=at):
                if item_id == APOLOGY_ITEM:
                    self._handle(call_events.ApologyPlayed())
                else:
                    self._conversation.item_played(item_id, at)
            case _:
                pass  # provisional responses and the like concern nobody yet

    def _wind_down(self, event: call_events.HangUpRequested) -> None:
        if event.reason is Reason.AGENT_HUNG_UP and self._transfer.is_under_way:
            log.info("call=%s ! no hang-up: the caller is being transferred", self.call_id)
        else:
            self._handle_when_silent(event)

    def _handle_when_silent(self, event: call_events.CallEvent) -> None:
        """Handle a wish that waits for the agent's last words, of which there may be none."""
        self._handle(event)
        if self._conversation.is_silent:
            self._handle(call_events.AgentFellSilent())

    def _handle(self, event: call_events.CallEvent) -> None:
        if self._is_talking:  # a call that ends transfers nobody
            self._transfer.handle(event)
        for command in self._controller.handle(event, now=self._now()):
            self._carry_out(command)

    def _carry_out(self, command: commands.CallCommand) -> None:
        match command:
            case commands.Ring():
                self._leg.progress(180)
            case commands.OpenSession():
                self._pump(self._run_session, "session")
            case commands.Answer():
                self._leg.answer()
            case commands.Refuse(status, phrase):
                self._leg.reject(status, phrase)
            case commands.StartConversation():
                media = self._leg.media
                assert media is not None
                self._conversation.start(media)
                self._pump(lambda: self._conversation.send_caller_audio(media), "caller audio")
            case commands.PlayApology():
                self._play_apology()
            case commands.HangUp(cause, text):
                self._leg.hang_up(f'Q.850;cause={cause};text="{text}"')
            case commands.CloseSession():
                self._close_session()
            case commands.Finish(termination):
                self._termination = termination

    # The leg.

    async def _pump_leg(self) -> None:
        while True:
            self._inbox.put_nowait(await self._leg.events.get())

    def _media_started(self, event: sip_events.MediaStarted) -> None:
        if self._answered_at is None:
            self._answered_at = self._now()
            answer_ms = round((self._answered_at - self._offered_at) * 1000)
            self._tell(facts.CallAnswered(answer_ms, event.codec))
        self._confirm_when_heard()

    def _confirm_when_heard(self) -> None:
        if self._has_ack and self._leg.media is not None:
            self._handle(call_events.LegConfirmed())

    def _play_apology(self) -> None:
        media = self._leg.media
        assert media is not None
        self._conversation.finish()
        apology = self._setup.prompts.apology.at_rate(media.rate_hz)
        media.push(APOLOGY_ITEM, apology)
        media.finish(APOLOGY_ITEM)

    # The session.

    async def _run_session(self) -> None:
        started_at = self._now()
        try:
            await self._session.connect(self._endpoint)
        except SessionError as error:
            reason = session_failure(error)
            log.warning("call=%s ! realtime session: %s", self.call_id, error)
            self._inbox.put_nowait(call_events.SessionFailed(reason, str(error)))
            return
        connect_ms = round((self._now() - started_at) * 1000)
        self._tell(facts.SessionOpened(connect_ms))
        self._inbox.put_nowait(call_events.SessionReady())
        async for event in self._session.events():
            self._inbox.put_nowait(event)

    def _close_session(self) -> None:
        if not self._is_session_closed:
            self._is_session_closed = True
            self._pump(self._session.close, "closing session")

    # The end.

    def _pump(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        task = self._tasks.create_task(
            self._until_session_ends(work), name=f"{name} {self.call_id}"
        )
        self._pumps.append(task)

    async def _until_session_ends(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except SessionError as error:  # the session itself tells of it in its events
            log.debug("call=%s %s", self.call_id, error)

    def _release_after_fault(self, detail: str) -> None:
        status = 200
        if self._answered_at is None:
            status = 500
            self._leg.reject(status)
        else:
            self._leg.hang_up(f'Q.850;cause={TEMPORARY_FAILURE};text="internal error"')
        self._termination = Termination(Result.FAILED, Reason.INTERNAL_ERROR, detail, status)

    async def _finish(self) -> Termination:
        assert self._termination is not None
        self._conversation.finish()
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._session.close()
        except (TimeoutError, SessionError):
            log.debug("call=%s the endpoint did not say goodbye", self.call_id)
        if self._delegation is not None:
            await self._delegation.close()
        extra: dict[str, str] = {}
        for part in self._parts:
            try:
                extra.update(await part.close())
            except Exception:
                log.exception("call=%s a part did not end well", self.call_id)
        self._tell(line_measured(self._leg))
        talked_s = 0.0 if self._answered_at is None else self._now() - self._answered_at
        self._tell(facts.CallEnded(self._termination, round(talked_s * 1000), extra))
        return self._termination

    def _tell(self, fact: facts.Fact) -> None:
        self._observer.tell(self.call_id, fact, at=self._now())
