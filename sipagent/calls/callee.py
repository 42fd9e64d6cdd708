"""The callee of an outgoing call: rung up, listened to, and kept from the agent until it is clear.

What the callee's side sends before the answer (early media, RFC 3960) is for the recording alone.
From the answer on every frame is looked at; where the agent listens first, or must not hear a
machine, frames wait, or are dropped, before they reach it.

| resource     | acquired            | released               | on failure         |
|--------------|---------------------|------------------------|--------------------|
| pump         | first media         | with the call          | the call ends      |
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sipagent.audio.frames import Pcm
from sipagent.realtime.events import ResponseStarted
from sipagent.sip import events as sip_events
from sipagent.sip.media_port import MediaPort

from . import facts
from .callee_ear import CalleeEar
from .conversation import FrameSource
from .events import AgentFellSilent, CalleeHeard, HangUpRequested
from .inbox import Inbox
from .part import CallPart
from .setup import OutgoingSetup
from .voicemail import (
    Command,
    EndCall,
    Greet,
    LetThrough,
    SayMessage,
    ShutOff,
    TellCallee,
    VoicemailPolicy,
)


class Callee(CallPart):
    """Mind whoever is called.

    Args:
        setup: Of the plan.
    """

    def __init__(self, setup: OutgoingSetup) -> None:
        super().__init__()
        self._setup = setup
        self._policy = VoicemailPolicy(setup.voicemail, agent_speaks_first=setup.agent_speaks_first)
        self._audio: _Gate | None = None
        self._is_rung = self._is_answered = False

    def handle(self, message: Inbox) -> None:
        """Act on what the leg, the ear and the agent tell."""
        match message:
            case sip_events.Progressed(status=status):
                if not self._is_rung:
                    self._is_rung = True
                    self.hands.tell(facts.CalleeRang(status))
            case sip_events.Confirmed():
                self._is_answered = True
            case sip_events.MediaStarted():
                self._listen()
            case sip_events.FirstFramePlayed():
                self._policy.agent_began()
            case AgentFellSilent():
                self._carry_out(self._policy.agent_fell_silent())
            case ResponseStarted() if self._policy.is_waiting:
                self.hands.conversation.hush()
            case CalleeHeard(sound):
                self._carry_out(self._policy.hear(sound, now=self.hands.now()))
            case _:
                pass

    def hear(self, source: FrameSource) -> FrameSource:
        """Return the callee's audio as the agent may hear it."""
        self._listen()  # an answer may come before its media does
        assert self._audio is not None
        return self._audio

    def deadline(self) -> float | None:
        """Return until when a machine may talk."""
        return self._policy.deadline()

    def handle_timer(self, now: float) -> None:
        """End what takes too long."""
        self._carry_out(self._policy.handle_timer(now))

    def _listen(self) -> None:
        media = self.hands.leg.media
        assert media is not None
        if self._audio is None:
            audio = self._audio = _Gate(media.rate_hz, is_open=self._setup.agent_speaks_first)
            self.hands.run(lambda: self._pump(media, audio), "callee's ear")

    async def _pump(self, media: MediaPort, audio: _Gate) -> None:
        ear = CalleeEar(media.rate_hz, self._setup.voicemail.greeting_ms)
        while frames := await media.next_frames():
            if not self._is_answered:
                continue
            audio.put(frames)
            for frame in frames:
                for sound in ear.hear(frame):
                    self.hands.post(CalleeHeard(sound))
        audio.close()

    def _carry_out(self, commands: Sequence[Command]) -> None:
        conversation = self.hands.conversation
        for command in commands:
            match command:
                case TellCallee(kind, greeting_ms, beep_ms):
                    self.hands.tell(facts.CalleeDetected(kind, greeting_ms, beep_ms))
                case LetThrough():
                    if self._audio is not None:
                        self._audio.open()
                case ShutOff():
                    if self._audio is not None:
                        self._audio.shut()
                    conversation.hush()
                case Greet():
                    conversation.greet()
                case SayMessage():
                    conversation.say(self._setup.voicemail.message)
                case EndCall(reason, detail):
                    self.hands.post(HangUpRequested(reason, detail))


class _Gate:
    """Frames on their way to the agent: kept while closed, dropped once shut.

    Args:
        rate_hz: Of the frames.
        is_open: Whether they pass from the first on.
    """

    def __init__(self, rate_hz: int, *, is_open: bool) -> None:
        self._rate_hz, self._is_open = rate_hz, is_open
        self._frames: list[Pcm] = []
        self._changed = asyncio.Event()
        self._is_shut = self._is_closed = False

    @property
    def rate_hz(self) -> int:
        """Sampling rate of the frames."""
        return self._rate_hz

    def put(self, frames: Sequence[Pcm]) -> None:
        """Take frames."""
        if not self._is_shut:
            self._frames += frames
            self._changed.set()

    def open(self) -> None:
        """Let through what was kept, and all that comes."""
        self._is_open = True
        self._changed.set()

    def shut(self) -> None:
        """Drop what was kept, and all that comes."""
        self._is_shut = True
        self._frames.clear()

    def close(self) -> None:
        """Note that no more comes."""
        self._is_closed = True
        self._changed.set()

    async def next_frames(self) -> list[Pcm]:
        """Wait for frames and return all there are; empty at the end."""
        while True:
            self._changed.clear()
            if self._is_open and self._frames:
                frames, self._frames = self._frames, []
                return frames
            if self._is_closed:
                return []
            await self._changed.wait()
