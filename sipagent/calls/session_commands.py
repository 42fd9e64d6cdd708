"""What a call asks of its session, in order; sent by a task of its own.

Nobody who asks waits for the network, so that a stalled endpoint never delays a BYE.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.playout import Heard
from sipagent.realtime.approvals import ApprovalRequest
from sipagent.wire import client
from sipagent.wire.events import Event


class Session(Protocol):
    """What a call needs of ``realtime.session.RealtimeSession``."""

    async def append_audio(self, audio: bytes) -> None: ...
    async def create_response(self, instructions: str | None = None) -> None: ...
    async def send_message(self, message: str) -> None: ...
    async def send_event(self, event: Event) -> None: ...
    async def update_agent(self, agent: RealtimeAgent) -> None: ...
    async def interrupt(self, heard: Sequence[Heard], *, cancel: bool) -> None: ...
    async def approve(self, request: ApprovalRequest) -> None: ...
    async def reject(self, request: ApprovalRequest, *, message: str | None = None) -> None: ...


class SessionCommands:
    """A queue in front of ``session``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    async def run(self) -> None:
        """Send what is asked, until cancelled."""
        while True:
            command = await self._waiting.get()
            await command()

    def respond(self, instructions: str) -> None:
        """Have the agent speak."""
        self._waiting.put_nowait(lambda: self._session.create_response(instructions))

    def message(self, text: str) -> None:
        """Tell the agent something on behalf of the caller, to be answered."""
        self._waiting.put_nowait(lambda: self._session.send_message(text))

    def note(self, text: str) -> None:
        """Tell the agent something that is no turn of anybody's, and asks for no answer."""
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "system", "content": content}
        self._send(client.ConversationItemCreate(item=item))

    def hand_over(self, agent: RealtimeAgent) -> None:
        """Let another agent go on, as a handoff does."""
        self._waiting.put_nowait(lambda: self._session.update_agent(agent))

    def detect_turns(self, turn_detection: Mapping[str, Any]) -> None:
        """Have the endpoint decide on turns in another way."""
        audio = {"input": {"turn_detection": dict(turn_detection)}}
        self._send(client.SessionUpdate(session={"type": "realtime", "audio": audio}))

    def end_turn(self) -> None:
        """Have what was heard be a turn: nothing more of it comes."""
        self._send(client.InputAudioBufferCommit())

    def forget_audio(self) -> None:
        """Drop what was heard of a turn that has not ended."""
        self._send(client.InputAudioBufferClear())

    def approve(self, request: ApprovalRequest) -> None:
        """Let a tool run."""
        self._waiting.put_nowait(lambda: self._session.approve(request))

    def reject(self, request: ApprovalRequest, message: str | None) -> None:
        """Do not let a tool run; None: the model is told the usual words."""
        self._waiting.put_nowait(lambda: self._session.reject(request, message=message))

    def _send(self, event: Event) -> None:
        self._waiting.put_nowait(lambda: self._session.send_event(event))

    def interrupt(self, heard: Sequence[Heard], *, cancel: bool) -> None:
        """Cut the agent off."""
        self._waiting.put_nowait(lambda: self._session.interrupt(heard, cancel=cancel))
