"""One realtime session joined to one leg: audio both ways, floor, turns, and what is told of them.

Runs on the loop, driven by ``Call``, which hands it every session event and media fact in order.
Nothing here waits for the network: what goes to the session is queued, see ``session_commands``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sipagent.audio.formats import AudioFormat
from sipagent.audio.playout import Heard
from sipagent.deadlines import earliest
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.sip.media_port import MediaPort

from . import barge_in, facts
from .agent_speech import AgentSpeech, SpeechEvent
from .answer_gap import AnswerGap
from .caller_audio import FrameSource, forward
from .events import AgentFellSilent, CallEvent
from .failures import failure_of
from .fillers import FILLERS, Fillers
from .session_commands import Session, SessionCommands
from .setup import CallSetup
from .telling import fact_of, failed_response
from .usage_fact import usage_fact


class Conversation:
    """Join a session and a leg's media; tell what happens.

    Args:
        setup: The call's share of its plan.
        session: Not yet connected; the caller of this class connects and closes it.
        audio_format: What the session speaks both ways.
        tell: Where facts go.
        post: Where events for the call's controller go.
    """

    def __init__(
        self,
        setup: CallSetup,
        session: Session,
        *,
        audio_format: AudioFormat,
        tell: Callable[[facts.Fact], None],
        post: Callable[[CallEvent], None],
    ) -> None:
        self._setup, self._session, self._format = setup, session, audio_format
        self._tell, self._post = tell, post
        self._now = asyncio.get_running_loop().time
        self._speech = AgentSpeech(audio_format, setup.hold, tell)
        self.agent = setup.agent.name
        """Who speaks."""
        self._barge_in = barge_in.BargeIn(setup.barge_in)
        self.commands = SessionCommands(session)
        """What is asked of the session; parts of the call ask here as well."""
        self._media: MediaPort | None = None
        self._response_id: str | None = None
        self._gap = AnswerGap(setup.silence_duration_ms)
        self._fillers = Fillers(setup)
        self._lost_at: float | None = None
        self._must_greet = False
        self.is_on_hold = False
        """Whether what the caller hears is not the agent, so that nobody waits for its end."""
        self.is_muted = False
        """Whether caller or agent does not hear the other, so that nobody answers."""

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing is being said, queued or made."""
        is_idle = self._speech.is_idle or self._fillers.is_playing or self.is_on_hold
        return is_idle and self._response_id is None

    @property
    def has_session(self) -> bool:
        """Tell whether there is a session; False while another is opened after a loss."""
        return self._lost_at is None

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        parts = (self._barge_in, self._fillers, self._speech)
        return earliest(part.deadline() for part in parts)

    # The two pumps, each a task of the call.

    async def send_commands(self) -> None:
        """Send queued commands to the session, in order, until cancelled."""
        await self.commands.run()

    async def send_caller_audio(self, source: FrameSource) -> None:
        """Forward caller audio from its first frame on; return when there is no more."""
        await forward(source, self._session, self._format)

    # What the call says.

    def start(self, media: MediaPort, *, greets: bool = True) -> None:
        """Take the leg's media and have the agent greet, if it ``greets``."""
        self._media = media
        self._gap.forget()  # of whoever was heard before: nobody was to answer
        self._fillers.start(media)
        self._speech.start(media)
        self._must_greet = greets and bool(self._setup.greeting)
        if self._lost_at is None:
            self._greet()
        else:
            self._fillers.lost(is_silent=True, now=self._now())

    def greet(self) -> None:
        """Have the agent greet now."""
        self._must_greet = bool(self._setup.greeting)
        self._greet()

    def say(self, instructions: str) -> None:
        """Have the agent say something of its own accord."""
        self.commands.respond(instructions)

    def hush(self) -> None:
        """Cut the agent off; nobody interrupted it."""
        if not self.is_silent:
            is_made = self._response_id is not None
            self.commands.interrupt(self.cut(self._response_id), cancel=is_made)

    def hold(self, *, is_on: bool) -> None:
        """Note whether the caller hears somebody else, or music: no filler is heard meanwhile."""
        self.is_on_hold = is_on
        if is_on:
            self._fillers.stop()
        elif not self.has_session:
            self._fillers.lost(is_silent=True, now=self._now())

    def finish(self) -> None:
        """Tell what was being said when the call ended."""
        self._fillers.stop()
        self._speech.finish()

    def being_said(self) -> list[facts.AgentSaidSoFar]:
        """Return what the agent is saying, as far as it was heard."""
        return self._speech.so_far()

    def first_frame_played(self, item_id: str, at: float) -> None:
        """Note that an item began to be heard."""
        if item_id in FILLERS:
            return
        self._speech.first_frame_played(item_id, self._gap.answered(at))
        if self._media is not None and not self._media.is_idle:  # it may have been cut off since
            self._floor(barge_in.AgentAudioStarted(), at)

    def item_played(self, item_id: str, at: float) -> None:
        """Note that an item was heard to its end."""
        assert self._media is not None
        if self._fillers.played(item_id):
            return
        self._speech.item_played(item_id)
        if self._media.is_idle:
            self._floor(barge_in.AgentAudioFinished(), at)
            self._fillers.fell_silent(at)
            self._notice_silence()
        self._look(at)

    def handle_timer(self, now: float) -> None:
        """Act on :meth:`deadline`."""
        self._floor(barge_in.ConfirmTimerFired(), now)
        self._speech.handle_timer(now)
        self._fillers.handle_timer(now)
        self._look(now)

    def message(self, text: str) -> None:
        """Tell the agent something on behalf of the caller, to be answered."""
        self.commands.message(text)

    # What the session says.

    def handle(self, event: session_events.SessionEvent) -> None:
        """Act on one session event."""
        if self._speech.is_late(event):
            return  # was on its way when the caller took the floor
        self._fillers.told(event)
        self._act(event)
        self._look(self._now())

    def _act(self, event: session_events.SessionEvent) -> None:
        match event:
            case _ if isinstance(event, SpeechEvent):
                self._speech.handle(event, self.agent, now=self._now())
            case session_events.SpeechStarted(item_id=item_id, at=at):
                self._tell(facts.CallerSpeechStarted(item_id))
                self._floor(barge_in.CallerSpeechStarted(), at)
            case session_events.SpeechStopped(item_id=item_id, at=at):
                self._caller_stopped(item_id, at)
            case session_events.ResponseStarted(response_id=response_id):
                self._response_id = response_id
            case session_events.ResponseDone():
                self._response_done(event)
            case _:
                self._tell_event(event)

    def _tell_event(self, event: session_events.SessionEvent) -> None:
        if (fact := fact_of(event)) is not None:
            self._tell(fact)
        match event:
            case session_events.HandedOff(to_agent=new):
                self.agent = new
            case ConnectionLost():
                self._session_lost(event)
            case Reconnected():
                self._session_replaced(event)
            case _:
                self._post_failure(event)

    def _post_failure(self, event: session_events.SessionEvent) -> None:
        failed = failure_of(event, is_replaced=self._setup.rotation.attempts > 0)
        if failed is not None:
            self._post(failed)

    def _caller_stopped(self, item_id: str, at: float) -> None:
        self._tell(facts.CallerSpeechStopped(item_id))
        self._floor(barge_in.CallerSpeechStopped(), at)
        self._gap.caller_stopped(at)

    def _response_done(self, event: session_events.ResponseDone) -> None:
        self._response_id, self._must_greet = None, False
        self._tell(usage_fact(event.usage))
        if (failed := failed_response(event)) is not None:
            self._tell(failed)
        self._post_failure(event)
        self._notice_silence()

    def _notice_silence(self) -> None:
        if self.is_silent:
            self._post(AgentFellSilent())

    # One session after another.

    def _session_lost(self, event: ConnectionLost) -> None:
        self._lost_at = event.at
        self._tell(facts.SessionLost(event.reason))
        self._abandon(event.at)
        if self._media is not None and not self.is_on_hold:
            self._fillers.lost(is_silent=self._speech.is_idle, now=event.at)

    def _session_replaced(self, event: Reconnected) -> None:
        lost_at, self._lost_at = self._lost_at, None
        self._fillers.found()
        if lost_at is None:
            self._abandon(event.at)
            self._tell(facts.SessionReplaced("expiry", 0))
            return
        self._tell(facts.SessionReplaced("lost", round((event.at - lost_at) * 1000)))
        if self._media is not None:
            self._greet()

    def _abandon(self, at: float) -> None:
        """Expect no more of what the session before was saying; what came of it is heard."""
        self._response_id = None
        self._gap.forget()
        self._floor(barge_in.CallerSpeechStopped(), at)
        self._speech.abandon()
        self._notice_silence()

    def _look(self, now: float) -> None:
        self._fillers.look(is_silent=self.is_silent and not self.is_on_hold, now=now)

    def _greet(self) -> None:
        """Have the agent greet, unless it has."""
        if self._must_greet:
            self.commands.respond(self._setup.greeting)

    # Interruption.

    def _floor(self, event: barge_in.FloorEvent, at: float) -> None:
        if self._barge_in.handle(event, now=at):
            self._interrupt(at, cancel=self._setup.barge_in.confirm_ms > 0)

    def cut(self, response_id: str | None) -> list[Heard]:
        """Stop playing and drop what still comes of a response; return what was heard."""
        self._fillers.interrupt()
        return self._speech.cut(response_id)

    def interrupt(self, at: float) -> None:
        """Stop what the agent is saying, as a key of the caller's does; nothing else is cut off."""
        if not (self._speech.is_idle or self.is_on_hold):
            self._barge_in.handle(barge_in.AgentAudioFinished(), now=at)
            self._interrupt(at, cancel=True)

    def _interrupt(self, at: float, *, cancel: bool) -> None:
        heard = self.cut(self._response_id)
        self.commands.interrupt(heard, cancel=cancel)
        self._speech.interrupted(heard, at=at, now=self._now())
