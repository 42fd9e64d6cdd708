"""The callee of an outgoing call: rung up, listened to, and kept from the agent until it is clear.

What the callee's side sends before the answer (early media, RFC 3960) is for the recording, and for
the agent's ears if the plan wants it. From the answer on every frame is looked at; where the agent
listens first, or must not hear a machine, frames wait, or are dropped, before they reach it.

| resource     | acquired            | released               | on failure         |
|--------------|---------------------|------------------------|--------------------|
| pump         | first media         | with the call          | the call ends      |
"""

from __future__ import annotations

from collections.abc import Sequence

from sipagent.realtime.events import (
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    UserTranscript,
)
from sipagent.sip import events as sip_events
from sipagent.sip.media_port import MediaPort

from . import facts
from .callee_ear import CalleeEar
from .caller_audio import FrameSource
from .early_ear import EarlyEar
from .events import AgentFellSilent, CalleeHeard, HangUpRequested
from .gate import Gate
from .hold import still
from .inbox import Inbox
from .part import CallPart
from .setup import OutgoingSetup
from .voicemail import (
    Command,
    EndCall,
    Greet,
    LetThrough,
    ListenOn,
    SayMessage,
    SayWhoCalls,
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
        self._policy = VoicemailPolicy(
            setup.voicemail, setup.screening, agent_speaks_first=setup.agent_speaks_first
        )
        self._early = EarlyEar() if setup.hears_early else None
        self._audio: Gate | None = None
        self._is_rung = self._is_answered = False

    def handle(self, message: Inbox) -> None:
        """Act on what the leg, the ear and the agent tell."""
        if self._early is not None and not self._is_answered:
            self._early.handle(message, self.hands)
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
            case SpeechStarted() | SpeechStopped():
                is_speaking = isinstance(message, SpeechStarted)
                self._policy.callee_speaks(is_speaking, now=self.hands.now())
            case UserTranscript(text=text):
                self._carry_out(self._policy.read(text, now=self.hands.now()))
            case _:
                pass

    def hear(self, source: FrameSource) -> FrameSource:
        """Return the callee's audio as the agent may hear it."""
        self._listen()  # an answer may come before its media does
        assert self._audio is not None
        if self._early is not None:
            self._early.end(self.hands)
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
            audio = self._audio = Gate(media.rate_hz, is_open=self._setup.agent_speaks_first)
            self.hands.run(lambda: self._pump(media, audio), "callee's ear")
        if self._early is not None and not self._is_answered:
            self._early.begin(media.rate_hz, self.hands)

    async def _pump(self, media: MediaPort, audio: Gate) -> None:
        ear = CalleeEar(media.rate_hz, self._setup.voicemail.greeting_ms)
        while frames := await media.next_frames():
            if not self._is_answered:
                if self._early is not None:
                    self._early.put(frames)
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
                case ListenOn():
                    self._listen_on()
                case SayWhoCalls():
                    self._detect_turns(is_still=False)
                    conversation.say(self._setup.screening.say)
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

    def _listen_on(self) -> None:
        """Have the agent hear, and say nothing."""
        self._detect_turns(is_still=True)
        if self._audio is not None:
            self._audio.open()
        self.hands.conversation.hush()

    def _detect_turns(self, *, is_still: bool) -> None:
        usual = self.hands.setup.session.get("turn_detection")
        if usual is not None:
            wanted = still(usual) if is_still else usual
            self.hands.conversation.commands.detect_turns(wanted)
