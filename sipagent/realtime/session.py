"""A realtime session: the driver of a ``SessionCore`` over a WebSocket.

| resource   | acquired        | released            | on failure                          |
|------------|-----------------|---------------------|-------------------------------------|
| socket     | ``connect``     | ``close``           | closed; ``connect`` raises          |
| reader     | ``connect``     | end of the socket   | tells ``Disconnected``, its last    |
| tool tasks | function calls  | their end, ``close``| cancelled; the model is not told    |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolContext
from sipagent.errors import SessionError, SessionLost, SessionTimeout
from sipagent.wire.codec import encode_append

from .core import HeardItem, SessionCore
from .events import Disconnected, SessionErrorReported, SessionEvent
from .options import SessionOptions
from .tool_calls import ToolCall
from .transport import Endpoint, WebSocketTransport, open_transport

log = logging.getLogger(__name__)

CONFIGURED_LIMIT_S = 5.0
"""How long ``session.updated`` may take; without it the first words would meet a default VAD."""


class RealtimeSession:
    """One conversation with a speech model.

    Args:
        agent: Speaks first.
        options: Fixed for the session.
        context: Handed to tools.
    """

    def __init__(
        self, agent: RealtimeAgent, options: SessionOptions, *, context: Any = None
    ) -> None:
        self._core = SessionCore(agent, options)
        self._context = context
        self._now = asyncio.get_running_loop().time
        self._transport: WebSocketTransport | None = None
        self._connecting = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._events: asyncio.Queue[SessionEvent] = asyncio.Queue()
        self._configured = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._tools: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._refusal = ""

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self._core.current_agent

    async def connect(self, endpoint: Endpoint) -> None:
        """Open the session and wait until the endpoint confirmed its configuration.

        Cancelling it leaves nothing open.

        Raises:
            SessionRejected: If the endpoint refused, or nobody listens there.
            SessionTimeout: If the handshake or the confirmation took too long.
            SessionLost: If the socket closed before the confirmation.
        """
        if self._transport is not None or self._connecting.locked():
            raise SessionError("already connected or connecting")
        async with self._connecting:
            self._transport = await open_transport(endpoint)
        loop = asyncio.get_running_loop()
        self._reader = loop.create_task(self._read(self._transport), name="realtime reader")
        try:
            self._core.open()
            await self._flush()
            async with asyncio.timeout(CONFIGURED_LIMIT_S):
                await self._configured.wait()
        except TimeoutError:
            await self.close()
            raise SessionTimeout(f"{endpoint.url} did not confirm our session") from None
        except BaseException:
            await self.close()
            raise
        if not self._core.is_configured:
            await self.close()
            raise SessionLost(f"{endpoint.url} did not take our session: {self._refusal}")

    async def events(self) -> AsyncIterator[SessionEvent]:
        """Yield what happens; ends after ``Disconnected``. For one reader."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Disconnected):
                return

    async def append_audio(self, audio: bytes) -> None:
        """Send caller audio in the session's input format; waits while the socket is congested.

        Raises:
            SessionLost: If the session is not open (any more).
        """
        await self._send([encode_append(audio)])

    async def send_text(self, text: str) -> None:
        """Send a user message and have it answered.

        Raises:
            SessionLost: If the session is not open (any more).
        """
        self._core.send_text(text)
        await self._flush()

    async def create_response(self, instructions: str | None = None) -> None:
        """Ask for a response, such as a greeting.

        Raises:
            SessionLost: If the session is not open (any more).
        """
        self._core.create_response(instructions)
        await self._flush()

    async def interrupt(self, heard: Sequence[HeardItem], *, cancel: bool) -> None:
        """Cut the agent off: late audio of the response is dropped, what was not heard truncated.

        Raises:
            SessionLost: If the session is not open (any more).
        """
        self._core.interrupt(heard, cancel=cancel)
        await self._flush()

    async def update_agent(self, agent: RealtimeAgent) -> None:
        """Let another agent go on.

        Raises:
            SessionLost: If the session is not open (any more).
        """
        self._core.update_agent(agent, now=self._now())
        await self._flush()

    async def close(self) -> None:
        """End the session; harmless when it is closed."""
        self._is_closing = True
        for task in list(self._tools):
            task.cancel()
        await asyncio.gather(*self._tools, return_exceptions=True)
        if self._transport is not None:
            await self._transport.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self, transport: WebSocketTransport) -> None:
        try:
            while True:
                message = await transport.receive()
                self._core.receive(message, now=self._now())
                await self._flush()
        except SessionLost as lost:
            reason = str(lost)
            gone = Disconnected(lost.close_code, reason, self._is_closing, self._now())
            self._refusal = self._refusal or reason
        self._events.put_nowait(gone)
        self._configured.set()

    async def _flush(self) -> None:
        for event in self._core.take_events():
            if isinstance(event, SessionErrorReported):
                self._refusal = event.message
                if not self._core.is_configured:
                    self._configured.set()
            self._events.put_nowait(event)
        if self._core.is_configured:
            self._configured.set()
        for call in self._core.take_tool_calls():
            self._run_tool(call)
        await self._send(self._core.take_messages())

    async def _send(self, messages: Sequence[str]) -> None:
        if self._transport is None or self._is_closing:
            raise SessionLost("the session is not open", close_code=1000)
        async with self._sending:  # one sender at a time, or two callers reorder messages
            for message in messages:
                await self._transport.send(message)

    def _run_tool(self, call: ToolCall) -> None:
        if self._is_closing:
            return  # it came too late to be cancelled by ``close``
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._tool(call), name=f"tool {call.name}")
        self._tools.add(task)
        task.add_done_callback(self._tools.discard)

    async def _tool(self, call: ToolCall) -> None:
        started_at = self._now()
        context = ToolContext(self._context, call.tool_call_id, call.agent.name)
        outcome = await call.tool.run(context, call.arguments)
        now = self._now()
        self._core.tool_ended(call, outcome, duration_s=now - started_at, now=now)
        try:
            await self._flush()
        except SessionLost:
            log.debug("tool %s ended after its session", call.name)
