"""One realtime session joined to one leg: audio both ways, floor, turns, and what is told of them.

Runs on the loop, driven by ``Call``, which hands it every session event and media fact in order.
Nothing here waits for the network: what goes to the session is queued and sent, in order, by
:meth:`Conversation.send_commands`, so that a stalled endpoint never delays a BYE.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sipagent.audio.formats import AudioFormat, Decoder, Encoder
from sipagent.audio.playout import Heard
from sipagent.realtime import events as session_events
from sipagent.realtime.session import RealtimeSession
from sipagent.sip.media_port import MediaPort

from . import barge_in, facts
from .events import AgentFellSilent, CallEvent, SessionFailed
from .setup import CallSetup
from .termination import Reason
from .turns import AgentTurns

SETTLE_S = 0.06
"""How long after a flush the last voiced frame is surely out: a frame, its fade and a tick."""

SessionCommand: TypeAlias = Callable[[], Awaitable[None]]


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
        session: RealtimeSession,
        *,
        audio_format: AudioFormat,
        tell: Callable[[facts.Fact], None],
        post: Callable[[CallEvent], None],
    ) -> None:
        self._setup, self._session, self._format = setup, session, audio_format
        self._tell, self._post = tell, post
        self._turns = AgentTurns()
        self._barge_in = barge_in.BargeIn(setup.barge_in)
        self._commands: asyncio.Queue[SessionCommand] = asyncio.Queue()
        self._media: MediaPort | None = None
        self._decoder: Decoder | None = None
        self._is_response_ongoing = False
        self._last_word_at: float | None = None
        self._cut_at: dict[str, int] = {}
        self._settling: set[asyncio.TimerHandle] = set()

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing is being said, queued or made."""
        is_idle = self._media is None or self._media.is_idle
        return is_idle and not self._is_response_ongoing

    def deadline(self) -> float | None:
        """Return when :meth:`handle_timer` is due, or None."""
        return self._barge_in.deadline()

    # The two pumps, each a task of the call.

    async def send_commands(self) -> None:
        """Send queued commands to the session, in order, until cancelled."""
        while True:
            command = await self._commands.get()
            await command()

    async def send_caller_audio(self, media: MediaPort) -> None:
        """Forward caller audio from its first frame on; return when the leg's media ends."""
        encoder = Encoder(self._format, media.rate_hz)
        while frames := await media.next_frames():
            for frame in frames:
                await self._session.append_audio(encoder.encode(frame))

    # What the call says.

    def start(self, media: MediaPort) -> None:
        """Take the leg's media and have the agent greet."""
        self._media = media
        self._decoder = Decoder(self._format, media.rate_hz)
        if self._setup.greeting:
            greeting = self._setup.greeting
            self._commands.put_nowait(lambda: self._session.create_response(greeting))

    def finish(self) -> None:
        """Tell what was being said when the call ended."""
        if self._media is not None:
            self._tell_cut_off(self._media.flush())
        for item_id in self._turns.open_items():
            if said := self._turns.cut_off(item_id, 0, 1):
                self._tell(said)
        for handle in self._settling:
            handle.cancel()
        self._settling.clear()

    def first_frame_played(self, item_id: str, at: float) -> None:
        """Note that an item began to be heard."""
        gap_ms = None if self._last_word_at is None else round((at - self._last_word_at) * 1000)
        self._last_word_at = None
        self._tell(facts.AgentSoundStarted(item_id, self._turns.agent_of(item_id), gap_ms))
        self._floor(barge_in.AgentAudioStarted(), at)

    def item_played(self, item_id: str, at: float) -> None:
        """Note that an item was heard to its end."""
        assert self._media is not None
        if said := self._turns.played(item_id, self._media.heard(item_id)):
            self._tell(said)
        if self._media.is_idle:
            self._floor(barge_in.AgentAudioFinished(), at)
            self._notice_silence()

    def handle_timer(self, now: float) -> None:
        """Act on :meth:`deadline`."""
        self._floor(barge_in.ConfirmTimerFired(), now)

    # What the session says.

    def handle(self, event: session_events.SessionEvent) -> None:
        """Act on one session event."""
        match event:
            case session_events.AudioDelta():
                self._play(event)
            case session_events.AudioDone(item_id=item_id):
                if self._media is not None:
                    self._media.finish(item_id)
            case session_events.AgentTranscriptDelta(item_id=item_id, delta=delta):
                self._turns.add_delta(item_id, self._session.current_agent.name, delta)
            case session_events.AgentTranscript(item_id=item_id, text=text):
                agent = self._session.current_agent.name
                if said := self._turns.finish_transcript(item_id, agent, text):
                    self._tell(said)
            case session_events.SpeechStarted(item_id=item_id, at=at):
                self._tell(facts.CallerSpeechStarted(item_id))
                self._floor(barge_in.CallerSpeechStarted(), at)
            case session_events.SpeechStopped(item_id=item_id, at=at):
                self._caller_stopped(item_id, at)
            case session_events.ItemTruncated(item_id=item_id, audio_end_ms=audio_end_ms):
                self._confirm_truncate(item_id, audio_end_ms)
            case session_events.ResponseStarted():
                self._is_response_ongoing = True
            case session_events.ResponseDone():
                self._response_done(event)
            case _:
                self._tell_event(event)

    def _tell_event(self, event: session_events.SessionEvent) -> None:
        match event:
            case session_events.UserTranscript(item_id=item_id, text=text):
                self._tell(facts.CallerSaid(item_id, text))
            case session_events.HandedOff(from_agent=old, to_agent=new):
                self._tell(facts.AgentChanged(old, new))
            case session_events.ToolEnded():
                self._tell(
                    facts.ToolCalled(
                        event.tool_call_id,
                        event.name,
                        event.arguments,
                        event.output,
                        event.failed,
                        round(event.duration_s * 1000),
                    )
                )
            case session_events.SessionErrorReported(code=code, message=message, fatal=fatal):
                self._tell(facts.ErrorReported(code, message, fatal))
                if fatal:
                    self._post(SessionFailed(Reason.SESSION_ERROR, f"{code}: {message}"))
            case session_events.Disconnected(expected=False):
                detail = f"close code {event.close_code} {event.reason}".strip()
                self._post(SessionFailed(Reason.SESSION_LOST, detail))
            case _:
                pass

    def _play(self, event: session_events.AudioDelta) -> None:
        if self._media is None or self._decoder is None:
            return
        self._turns.add_delta(event.item_id, self._session.current_agent.name, "")
        pcm = self._decoder.decode(event.audio)
        self._media.push(event.item_id, pcm, content_index=event.content_index)

    def _caller_stopped(self, item_id: str, at: float) -> None:
        self._tell(facts.CallerSpeechStopped(item_id))
        self._floor(barge_in.CallerSpeechStopped(), at)
        if self._setup.silence_duration_ms is not None:
            self._last_word_at = at - self._setup.silence_duration_ms / 1000

    def _response_done(self, event: session_events.ResponseDone) -> None:
        self._is_response_ongoing = False
        self._tell(facts.UsageReported(event.usage.input_tokens, event.usage.output_tokens))
        if event.status == "failed":
            code = event.error_code or "response_failed"
            self._tell(facts.ErrorReported(code, "the endpoint failed a response", fatal=True))
            self._post(SessionFailed(Reason.SESSION_ERROR, code))
        self._notice_silence()

    def _notice_silence(self) -> None:
        if self.is_silent:
            self._post(AgentFellSilent())

    # Interruption.

    def _floor(self, event: barge_in.FloorEvent, at: float) -> None:
        if self._barge_in.handle(event, now=at):
            self._interrupt(at)

    def _interrupt(self, at: float) -> None:
        assert self._media is not None
        heard = self._media.flush()
        self._decoder = Decoder(self._format, self._media.rate_hz)
        must_cancel = self._setup.barge_in.confirm_ms > 0
        self._commands.put_nowait(lambda: self._session.interrupt(heard, cancel=must_cancel))
        self._tell_cut_off(heard)
        if heard:
            head = heard[0]
            self._cut_at = {item.item_id: item.heard_ms for item in heard}
            handle: asyncio.TimerHandle
            handle = asyncio.get_running_loop().call_later(
                SETTLE_S, lambda: self._tell_barge_in(head, at)
            )
            self._settling.add(handle)

    def _tell_barge_in(self, head: Heard, at: float) -> None:
        assert self._media is not None
        last_voiced_at = self._media.last_voiced_at or at
        stop_ms = max(0, round((last_voiced_at - at) * 1000))
        self._tell(facts.BargedIn(head.item_id, head.heard_ms, stop_ms))

    def _tell_cut_off(self, heard: list[Heard]) -> None:
        for item in heard:
            said = self._turns.cut_off(item.item_id, item.heard_ms, item.received_ms)
            if said is not None:
                self._tell(said)

    def _confirm_truncate(self, item_id: str, audio_end_ms: int) -> None:
        heard_ms = self._cut_at.pop(item_id, None)
        if heard_ms is not None:
            self._tell(facts.TruncateConfirmed(item_id, audio_end_ms - heard_ms))
