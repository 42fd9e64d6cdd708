"""A realtime session: one conversation with a speech model, over one connection after another.

Everything that is decided is decided in the core of the connection; this hands wishes in and
events out. See ``succession`` for what happens when a connection ends before the conversation.

| resource   | acquired   | released                     | on failure                             |
|------------|------------|------------------------------|----------------------------------------|
| connection | `connect`  | `close`, or another after it | `connect` raises; later `Disconnected` |
| listeners  | `on`       | `close` waits for them       | logged                                 |
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import orjson

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.errors import ConfigError, SessionError, SessionLost
from sipagent.wire import client
from sipagent.wire.client import ConversationItemCreate
from sipagent.wire.codec import decode_client, encode_append
from sipagent.wire.events import Event, Json

from .approvals import ApprovalRequest, Approvals
from .caller_audio import CallerAudio
from .connection import Connection
from .conversation_events import AgentEnded, AgentStarted, HistoryUpdated
from .core import SessionCore, user_text
from .events import Disconnected, SessionEvent
from .history_items import HistoryItem, McpApprovalRequest
from .listeners import Listener, Listeners
from .options import SessionOptions
from .playback import ClockPlayback, HeardItem, Playback
from .rotation import RotationSettings
from .succession import Succession
from .transport import Endpoint, open_transport
from .usage import Usage
from .work import WorkRunner

log = logging.getLogger(__name__)

HistoryChanger = Callable[[list[HistoryItem]], Iterable[HistoryItem | Json]]


class RealtimeSession:
    """One conversation with a speech model.

    Args:
        agent: Speaks first.
        options: Fixed for the session.
        context: Handed to tools, guardrails, hooks and instructions.
        playback: Knows what was heard; None: somebody who plays audio as it comes.
        rotation: How the conversation outlives a connection; None: it does not.
        wall_clock: Returns Unix seconds, for rotation before the session expires.
    """

    def __init__(
        self,
        agent: RealtimeAgent,
        options: SessionOptions | None = None,
        *,
        context: Any = None,
        playback: Playback | None = None,
        rotation: RotationSettings | None = None,
        wall_clock: Callable[[], float] | None = None,
    ) -> None:
        self._agent, self._options = agent, options or SessionOptions()
        self._context = context
        self._playback: Playback = playback or ClockPlayback()
        self._now = asyncio.get_running_loop().time
        self._approvals = Approvals(
            tool_error_formatter=self._options.tool_error_formatter, context=context
        )
        self._runner = WorkRunner(self._options, context, self._now)
        self._audio = CallerAudio(
            self._options.input_audio_format,
            self._options.mute_mode,
            self._options.silence_padding,
            self._append,
        )
        self._listeners = Listeners()
        self._events: asyncio.Queue[SessionEvent] = asyncio.Queue()
        self._is_iterated = False
        self._connecting = asyncio.Lock()
        self._connection: Connection | None = None
        self._opening: Connection | None = None
        self._generation = 0
        self._endpoint: Endpoint | None = None
        self._succession = Succession(self, rotation, wall_clock) if rotation else None
        self._is_closing = False
        self._is_over = False

    # What it is.

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self._connection.core.current_agent if self._connection else self._agent

    @property
    def history(self) -> list[HistoryItem]:
        """The conversation as the endpoint has it; after ``close`` too."""
        return self._connection.core.history.history.items if self._connection else []

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return self._connection.core.usage if self._connection else Usage()

    @property
    def available_mcp_tools(self) -> tuple[Json, ...]:
        """Tools the endpoint has for the current agent by itself."""
        return self._connection.core.mcp.available if self._connection else ()

    @property
    def pending_approvals(self) -> list[ApprovalRequest | McpApprovalRequest]:
        """Calls that wait for ``approve`` or ``reject``."""
        if self._connection is None or self._is_closing:
            return []
        core = self._connection.core
        return [*core.tools.pending_approvals, *core.mcp.pending_approvals]

    # Its life.

    async def connect(self, endpoint: Endpoint) -> None:
        """Open the session and wait until the endpoint confirmed its configuration.

        Cancelling it leaves nothing open; after a failure it may be tried again.

        Raises:
            SessionRejected: If the endpoint refused, or nobody listens there.
            SessionTimeout: If the handshake or the confirmation took too long.
            SessionLost: If the socket closed before the confirmation.
            SessionError: If it is connected or connecting.
            ConfigError: If two of the agent's tools or handoffs have the same name.
        """
        if self._connection is not None or self._connecting.locked():
            raise SessionError("already connected or connecting")
        async with self._connecting:
            self._endpoint = endpoint
            self._use(await self.open_connection(self._agent))
        self.tell(HistoryUpdated(tuple(self.history), self._now()))

    async def close(self) -> None:
        """End the session; harmless when it is closed."""
        self._is_closing = True
        self._approvals.begin(self._generation + 1)
        await self._audio.close()
        if self._succession is not None:
            await self._succession.close()
        for connection in (self._opening, self._connection):
            if connection is not None:
                await connection.close()
        await self._listeners.close()

    async def __aenter__(self) -> Self:
        """Return the session, to be closed at the end of the block."""
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Close the session."""
        await self.close()

    def __aiter__(self) -> AsyncIterator[SessionEvent]:
        """Return :meth:`events`."""
        return self.events()

    # What it tells.

    def events(self) -> AsyncIterator[SessionEvent]:
        """Yield what happens; ends after ``Disconnected``. For one reader."""
        self._is_iterated = True
        return self._until_the_end()

    async def _until_the_end(self) -> AsyncIterator[SessionEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Disconnected):
                return

    def on(self, name: str, listener: Listener) -> None:
        """Call ``listener`` with each event ``name``, with every one for ``*``.

        Once somebody listens, events are kept for :meth:`events` only if it has been called.

        Raises:
            ConfigError: If there is no such event.
        """
        self._listeners.add(name, listener)

    def off(self, name: str, listener: Listener) -> None:
        """Stop calling ``listener``; harmless when it is not called."""
        self._listeners.remove(name, listener)

    def tell(self, event: SessionEvent) -> None:
        """Tell whoever listens; nothing follows ``Disconnected``."""
        if self._is_over:
            return
        self._is_over = isinstance(event, Disconnected)
        if self._is_iterated or not self._listeners:
            self._events.put_nowait(event)
        self._listeners.tell(event)
        self._audio.told(event)
        match event:
            case AgentStarted(agent=agent) if agent.hooks is not None:
                self._listeners.run(agent.hooks.on_start(self._context, agent))
            case AgentEnded(agent=agent, output=output) if agent.hooks is not None:
                self._listeners.run(agent.hooks.on_end(self._context, agent, output))
            case _:
                pass
        if self._succession is not None:
            self._succession.told(event)

    # What goes in. All raise ``SessionLost`` if the session is not open (any more), and do nothing
    # while another connection is being opened.

    async def append_audio(self, audio: bytes, *, rtp_timestamp: int | None = None) -> None:
        """Send caller audio in the session's input format; waits while the socket is congested.

        Args:
            audio: Of a caller who may be muted.
            rtp_timestamp: Of its first sample, for ``silence_padding``; None: packets are out of
                sight.
        """
        await self._audio.append(audio, rtp_timestamp)

    @property
    def muted(self) -> bool | None:
        """Whether the caller is not heard; None where the endpoint has the caller's audio."""
        return None if self.is_attached else self._audio.is_muted

    @property
    def is_attached(self) -> bool:
        """Whether this is about a phone call at the endpoint, which has the caller's audio."""
        return self._endpoint is not None and bool(self._endpoint.realtime_call_id)

    def mute(self, muted: bool = True) -> None:
        """Let the model hear the caller, or not.

        Raises:
            SessionError: If the endpoint has the caller's audio.
        """
        if self.muted is None:
            raise SessionError("the endpoint hears the caller of an attached session by itself")
        self._audio.mute(muted)

    async def send_audio(self, audio: bytes, *, commit: bool = False) -> None:
        """Send caller audio, and make a turn of it; that asks for no response."""
        await self.append_audio(audio)
        if commit:
            await self.send_event(client.InputAudioBufferCommit())

    async def send_message(
        self, message: str | Json, *, other_event_data: Mapping[str, Any] | None = None
    ) -> None:
        """Send a message, text or an item, and have it answered.

        Args:
            message: Text of the user, or a ``message`` item of the Realtime API.
            other_event_data: Laid over the ``conversation.item.create``, such as ``event_id``.
        """
        item = user_text(message) if isinstance(message, str) else message
        await self._do(lambda core: core.send_message(item, **(other_event_data or {})))

    async def add_image(
        self, image: str | bytes, *, trigger_response: bool = True, mime_type: str = "image/png"
    ) -> None:
        """Show the model a picture.

        Args:
            image: A ``data:`` URI, or the bytes of a PNG or JPEG.
            trigger_response: False: it waits for what is said or sent next.
            mime_type: Of bytes.
        """
        if isinstance(image, bytes):
            image = f"data:{mime_type};base64,{b64encode(image).decode()}"
        if not image.startswith(("data:image/png", "data:image/jpeg")):
            raise ConfigError("an image must be a data: URI of a PNG or JPEG", where="image")
        content = [{"type": "input_image", "image_url": image}]
        item = {"type": "message", "role": "user", "content": content}
        await self._do(lambda core: core.send_message(item, must_respond=trigger_response))

    async def create_response(self, instructions: str | None = None, **response: Any) -> None:
        """Ask for a response, such as a greeting.

        Args:
            instructions: Of this response alone.
            response: Other fields of ``response.create``, such as ``conversation="none"``.
        """
        if instructions is not None:
            response["instructions"] = instructions
        if response:
            await self.send_event(client.ResponseCreate(response=response))
        else:
            await self._do(lambda core: core.out.request_response())

    async def send_event(self, event: Event | Json) -> None:
        """Send any client event, as it is; responses wait for their turn.

        Raises:
            WireError: If a field is wrong.
        """
        typed = decode_client(orjson.dumps(event)) if isinstance(event, dict) else event
        await self._do(lambda core: core.send(typed))

    async def interrupt(
        self, heard: Sequence[HeardItem] | None = None, *, cancel: bool = True
    ) -> None:
        """Cut the agent off: late audio of the response is dropped, what was not heard truncated.

        Args:
            heard: What was heard; None: what the session's playback says.
            cancel: Whether to cancel the response.
        """

        def cut(core: SessionCore) -> None:
            now = self._now()
            items = self._playback.interrupt(core.response_id, now) if heard is None else heard
            core.interrupt(items, cancel=cancel, now=now)

        await self._do(cut)

    async def update_agent(self, agent: RealtimeAgent) -> None:
        """Let another agent go on.

        Raises:
            ConfigError: If two of its tools or handoffs have the same name.
        """
        resolved = await resolve(agent, self._context)
        await self._do(lambda core: core.update_agent(resolved, now=self._now()))

    async def update_history(self, wanted: Sequence[HistoryItem | Json] | HistoryChanger) -> None:
        """Make the endpoint's conversation the one wanted; ``history`` follows as it confirms.

        Args:
            wanted: Items, or what makes them of the present ones.

        Raises:
            HistoryUpdateError: If an item is needed that cannot be created; nothing is sent then.
        """
        items = wanted(self.history) if callable(wanted) else wanted
        await self._do(lambda core: core.update_history(list(items)))

    async def approve(
        self, request: ApprovalRequest | McpApprovalRequest, *, always_approve: bool = False
    ) -> None:
        """Let a call run.

        Args:
            request: As ``ToolApprovalRequested`` told it.
            always_approve: Whether later calls of the agent's tool run without asking.
        """

        def decide(core: SessionCore) -> None:
            now = self._now()
            if isinstance(request, McpApprovalRequest):
                _warn_if(always_approve)
                core.mcp.decide(request, is_approved=True, reason=None, now=now)
            else:
                core.tools.approve(request, always=always_approve, now=now)

        await self._do(decide)

    async def reject(
        self,
        request: ApprovalRequest | McpApprovalRequest,
        *,
        message: str | None = None,
        always_reject: bool = False,
    ) -> None:
        """Do not let a call run.

        Args:
            request: As ``ToolApprovalRequested`` told it.
            message: Exactly what the model is told, if anything.
            always_reject: Whether later calls of the agent's tool are rejected without asking.
        """

        def decide(core: SessionCore) -> None:
            now = self._now()
            if isinstance(request, McpApprovalRequest):
                _warn_if(always_reject)
                core.mcp.decide(request, is_approved=False, reason=message, now=now)
            else:
                core.tools.reject(request, message=message, always=always_reject, now=now)

        await self._do(decide)

    async def _append(self, audio: bytes) -> None:
        connection = self._open_connection()
        if connection is not None:
            await self._sent(connection.send([encode_append(audio)]))

    async def _do(self, wish: Callable[[SessionCore], None]) -> None:
        connection = self._open_connection()
        if connection is not None:
            wish(connection.core)
            await self._sent(connection.flush())

    async def _sent(self, sending: Awaitable[None]) -> None:
        """Wait for ``sending``; that the socket is gone is no news if another takes its place."""
        try:
            await sending
        except SessionLost:
            if self._is_closing or self._succession is None or self._succession.is_over:
                raise

    # Connections.

    @property
    def connection(self) -> Connection | None:
        """The one in use, or the last."""
        return self._connection

    @property
    def playback(self) -> Playback:
        """Knows what was heard."""
        return self._playback

    async def open_connection(
        self, agent: RealtimeAgent, replay: Sequence[ConversationItemCreate] = ()
    ) -> Connection:
        """Open another connection, which tells nothing yet.

        Raises:
            SessionError: As ``connect``.
        """
        assert self._endpoint is not None
        resolved = await resolve(agent, self._context)
        transport = await open_transport(self._endpoint)
        if self._is_closing:
            await transport.close()
            raise SessionLost("the session is not open", close_code=1000)
        self._generation += 1
        core = SessionCore(
            resolved,
            self._options,
            self._playback,
            approvals=self._approvals,
            generation=self._generation,
            usage=self.usage,
            is_attached=self.is_attached,
            config=self._connection.core.config if self._connection is not None else None,
        )
        connection = Connection(
            core, transport, self._runner, tell=self.tell, on_lost=self._connection_lost
        )
        self._opening = connection
        try:
            await connection.open(self._endpoint.shown, replay)
        finally:
            self._opening = None
        return connection

    def replace_connection(self, connection: Connection) -> None:
        """Go on over ``connection``."""
        self._use(connection)

    def _use(self, connection: Connection) -> None:
        self._connection = connection
        self._approvals.begin(self._generation)
        connection.activate()
        if self._succession is not None:
            self._succession.opened(connection)

    def _open_connection(self) -> Connection | None:
        """Return the connection in use, None while another is being opened."""
        connection = self._connection
        if connection is None or self._is_closing:
            raise SessionLost("the session is not open", close_code=1000)
        is_replaced = self._succession is not None and self._succession.is_opening
        return None if connection.is_gone and is_replaced else connection

    def _connection_lost(self, connection: Connection, lost: SessionLost) -> None:
        if connection is not self._connection:
            return  # it never was in use, or another has taken over
        if self._succession is not None and not self._is_closing:
            self._approvals.begin(self._generation + 1)
            self._succession.lost(lost)
            return
        gone = Disconnected(lost.close_code, str(lost), self._is_closing, self._now())
        self.tell(gone)


def _warn_if(is_sticky: bool) -> None:
    if is_sticky:
        log.warning("! a decision on an MCP tool holds for one call: the endpoint asks each time")
