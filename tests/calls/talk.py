"""A conversation under test: the media port is real and the test its clock; the session notes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.frames import Pcm, silence
from sipagent.audio.playout import Heard
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.barge_in import BargeInSettings
from sipagent.calls.controller import CallPolicy
from sipagent.calls.conversation import Conversation
from sipagent.calls.events import CallEvent
from sipagent.calls.setup import CallSetup, Prompt, Prompts
from sipagent.calls.transfer_setup import TransferSetup, TransferTarget
from sipagent.errors import SessionError
from sipagent.realtime import events as session_events
from sipagent.realtime.approvals import ApprovalRequest
from sipagent.realtime.usage import Usage
from sipagent.sip.events import FirstFramePlayed, ItemPlayed, MediaFact
from sipagent.sip.media_port import MediaPort
from sipagent.wire.events import Event

FactT = TypeVar("FactT")


def call_setup(**changes: Any) -> CallSetup:
    """Return the setup of a plan with one agent, Reception."""
    options: dict[str, Any] = {
        "plan": "desk",
        "agent": RealtimeAgent("Reception"),
        "greeting": "",
        "session": {},
        "policy": CallPolicy(),
        "barge_in": BargeInSettings(),
        "prompts": Prompts(
            Prompt(tone(300, 100, 8_000), 8_000), Prompt(tone(350, 100, 8_000), 8_000)
        ),
    }
    return CallSetup(**(options | changes))


async def no_agent_voice(*_: object) -> AsyncIterator[Pcm]:
    """Stand in for the agent's voice where only the local one is wanted."""
    raise SessionError("there is none")
    yield silence(0)


def transfer_to(**uris: str) -> TransferSetup:
    """Return blind transfers, by name."""
    return TransferSetup({name: TransferTarget(uri) for name, uri in uris.items()})


@dataclass(frozen=True, slots=True)
class Interrupt:
    """What the session was told of an interruption."""

    heard: list[Heard]
    cancel: bool


@dataclass(slots=True)
class NotingSession:
    """A session that only notes what it is asked for."""

    audio: list[bytes] = field(default_factory=list)
    asked: asyncio.Queue[str | Interrupt | Event | None] = field(default_factory=asyncio.Queue)

    async def append_audio(self, audio: bytes) -> None:
        """Note caller audio."""
        self.audio.append(audio)

    async def create_response(self, instructions: str | None = None) -> None:
        """Note the instructions."""
        self.asked.put_nowait(instructions)

    async def send_message(self, message: str) -> None:
        """Note the message."""
        self.asked.put_nowait(message)

    async def send_event(self, event: Event) -> None:
        """Note the event."""
        self.asked.put_nowait(event)

    async def approve(self, request: ApprovalRequest) -> None:
        """Note the approval."""
        self.asked.put_nowait(f"approve {request.tool_name}")

    async def reject(self, request: ApprovalRequest, *, message: str | None = None) -> None:
        """Note the rejection."""
        self.asked.put_nowait(f"reject {request.tool_name}: {message}")

    async def update_agent(self, agent: RealtimeAgent) -> None:
        """Note who goes on."""
        self.asked.put_nowait(f"agent: {agent.name}")

    async def interrupt(self, heard: Sequence[Heard], *, cancel: bool) -> None:
        """Note the interruption."""
        self.asked.put_nowait(Interrupt(list(heard), cancel))


class Talk:
    """One conversation, and what it told and posted."""

    def __init__(self, setup: CallSetup, audio_format: AudioFormat, rate_hz: int) -> None:
        self.session = NotingSession()
        self.told: list[facts.Fact] = []
        self.posted: list[CallEvent] = []
        self.media = MediaPort(rate_hz, asyncio.get_running_loop(), self._media_fact)
        self.conversation = Conversation(
            setup,
            self.session,
            audio_format=audio_format,
            tell=self.told.append,
            post=self.posted.append,
        )
        self._format = audio_format

    def facts(self, kind: type[FactT]) -> list[FactT]:
        """Return the facts of one kind."""
        return [fact for fact in self.told if isinstance(fact, kind)]

    def hear(self, *events: session_events.SessionEvent) -> None:
        """Let the session tell something."""
        for event in events:
            self.conversation.handle(event)

    def says(self, item_id: str, text: str, duration_ms: int, *, response_id: str = "r1") -> None:
        """Let the endpoint make a whole answer: a tone, with ``text`` as its transcript."""
        rate_hz = self._format.rate_hz
        audio = Encoder(self._format, rate_hz).encode(tone(400, duration_ms, rate_hz))
        self.hear(
            session_events.ResponseStarted(response_id, 0.0),
            session_events.AudioDelta(response_id, item_id, 0, audio, 0.0),
            session_events.AudioDone(response_id, item_id, 0, 0.0),
            session_events.AgentTranscript(response_id, item_id, text, 0.0),
            response_done(response_id),
        )

    async def play(self, duration_ms: int) -> None:
        """Let the conference clock run."""
        for _ in range(duration_ms // 20):
            self.media.take_outbound()
            await asyncio.sleep(0)  # the media facts of the frame

    def settle(self) -> None:
        """Let the time pass after which the last interruption is told."""
        deadline = self.conversation.deadline()
        assert deadline is not None
        self.conversation.handle_timer(deadline)

    def _media_fact(self, fact: MediaFact) -> None:
        match fact:
            case FirstFramePlayed(item_id=item_id, at=at):
                self.conversation.first_frame_played(item_id, at)
            case ItemPlayed(item_id=item_id, at=at):
                self.conversation.item_played(item_id, at)


@asynccontextmanager
async def talk(
    audio_format: AudioFormat = AudioFormat.PCMU, rate_hz: int = 8_000, **setup: Any
) -> AsyncIterator[Talk]:
    """Start a conversation whose commands reach the session."""
    running = Talk(call_setup(**setup), audio_format, rate_hz)
    running.conversation.start(running.media)
    loop = asyncio.get_running_loop()
    sending = loop.create_task(running.conversation.send_commands(), name="session commands")
    try:
        yield running
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def response_done(
    response_id: str = "r1", status: str = "completed", error_code: str = ""
) -> session_events.ResponseDone:
    """Return the end of a response of 7 and 11 tokens."""
    usage = Usage(1, 7, 11)
    return session_events.ResponseDone(response_id, status, "", error_code, usage, 0.0)
