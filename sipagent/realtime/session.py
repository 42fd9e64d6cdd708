"""A realtime session: one conversation with a speech model, over one connection after another.

Everything that is decided is decided in the core of the connection; this hands wishes in and
events out. See ``succession`` for what happens when a connection ends before the conversation.

| resource   | acquired   | released                     | on failure                             |
|------------|------------|------------------------------|----------------------------------------|
| connection | `connect`  | `close`, or another after it | `connect` raises; later `Disconnected` |
| workshop   | `connect`  | `close`, the end of the call | cancelled; see ``workshop``            |
| audience   | `on`       | `close` waits for listeners  | logged                                 |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Self

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.errors import ConfigError, SessionError, SessionLost
from sipagent.wire import client
from sipagent.wire.client import ConversationItemCreate
from sipagent.wire.codec import encode_append
from sipagent.wire.events import Json

from .approvals import ApprovalRequest, Approvals
from .audience import Audience
from .call_end import ENDED, is_call_over
from .caller_audio import CallerAudio
from .connection import Connection
from .conversation_events import HistoryUpdated
from .core import SessionCore
from .endpoint import Endpoint
from .events import Disconnected, SessionEvent
from .history import History
from .history_items import HistoryItem, McpApprovalRequest
from .listeners import Listener
from .options import SessionOptions
from .playback import AttachedPlayback, ClockPlayback, Playback
from .rotation import RotationSettings
from .succession import Succession
from .transport import OnMessage, open_transport
from .usage import Usage
from .wishes import Wishes
from .work import WorkRunner
from .workshop import Workshop

log = logging.getLogger(__name__)


class RealtimeSession(Wishes):
    """One conversation with a speech model.

    Args:
        agent: Speaks first.
        options: Fixed for the session.
        context: Handed to tools, guardrails, hooks and instructions.
        playback: Knows what was heard; None: somebody who plays audio as it comes. Not asked of
            an attached session.
        rotation: How the conversation outlives a connection; None: it does not.
        wall_clock: Returns Unix seconds, for rotation before the session expires.
        history: Items that an attached conversation has already, as ``snapshot`` gave them.
        on_message: Sees each message of the wire; must be quick.
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
        history: Sequence[Json] = (),
        on_message: OnMessage | None = None,
    ) -> None:
        self._on_message = on_message
        self._agent, self._options = agent, options or SessionOptions()
        self._context = context
        self._own_playback = playback or ClockPlayback()
        self._playback: Playback = self._own_playback
        self._known = tuple(history)
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
        self._audience = Audience(context)
        self._connecting = asyncio.Lock()
        self._connection: Connection | None = None
        self._opening: Connection | None = None
        self._generation = 0
        self._workshop: Workshop | None = None
        self._endpoint: Endpoint | None = None
        self._is_accepted = False
        self._succession = Succession(self, rotation, wall_clock) if rotation else None
        self._is_closing = False

    # What it is.

    @property
    def current_agent(self) -> RealtimeAgent:
        """Who speaks now."""
        return self._connection.core.current_agent if self._connection else self._agent

    @property
    def history(self) -> list[HistoryItem]:
        """The conversation as the endpoint has it; after ``close`` too."""
        if self._connection is not None:
            return self._connection.core.history.items
        known = History()
        known.restore(self._known)
        return known.items

    @property
    def model(self) -> str:
        """What the options ask for; ``""``: what the endpoint was asked for, or has."""
        return self._options.model

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

    async def connect(self, endpoint: Endpoint, *, is_accepted: bool = False) -> None:
        """Open the session and wait until the endpoint confirmed its configuration.

        Cancelling it leaves nothing open; after a failure it may be tried again.

        Args:
            endpoint: This attaches to a phone call if the endpoint names one.
            is_accepted: Whether that call was accepted with ``accept_session``: it is configured.

        Raises:
            SessionRejected: If the endpoint refused, or nobody listens there.
            SessionTimeout: If the handshake or the confirmation took too long.
            SessionLost: If the socket closed before the confirmation.
            SessionError: If it is connected or connecting.
            ConfigError: If two of the agent's tools or handoffs have the same name, or something
                is said of a phone call and the endpoint names none.
        """
        if not endpoint.realtime_call_id and (is_accepted or self._known):
            what = "is_accepted" if is_accepted else "history"
            raise ConfigError("belongs to a session that is attached to a call", where=what)
        if self._connection is not None or self._connecting.locked():
            raise SessionError("already connected or connecting")
        async with self._connecting:
            self._endpoint, self._is_accepted = endpoint, is_accepted
            await self._forget_work()
            self._playback = AttachedPlayback() if self.is_attached else self._own_playback
            self._use(await self.open_connection(self._agent))
        self.tell(HistoryUpdated(tuple(self.history), self._now()))

    async def close(self) -> None:
        """End the session; harmless when it is closed."""
        self._is_closing = True
        self.end_work()
        await self._audio.close()
        await self._forget_work()
        if self._succession is not None:
            await self._succession.close()
        for connection in (self._opening, self._connection):
            if connection is not None:
                await connection.close()
        await self._audience.close()

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
        return self._audience.events()

    def on(self, name: str, listener: Listener) -> None:
        """Call ``listener`` with each event ``name``, with every one for ``*``.

        Once somebody listens, events are kept for :meth:`events` only if it has been called.

        Raises:
            ConfigError: If there is no such event.
        """
        self._audience.on(name, listener)

    def off(self, name: str, listener: Listener) -> None:
        """Stop calling ``listener``; harmless when it is not called."""
        self._audience.off(name, listener)

    def tell(self, event: SessionEvent) -> None:
        """Tell whoever listens; nothing follows ``Disconnected``."""
        if self._audience.is_gone:
            return
        self._audience.tell(event)
        self._audio.told(event)
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

        Raises:
            SessionError: If the endpoint has the caller's audio.
        """
        if self.is_attached:
            raise SessionError("the endpoint hears the caller of an attached session by itself")
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
        """Send caller audio, and make a turn of it; that asks for no response.

        Raises:
            SessionError: If the endpoint has the caller's audio.
        """
        await self.append_audio(audio)
        if commit:
            await self.send_event(client.InputAudioBufferCommit())

    async def update_agent(self, agent: RealtimeAgent) -> None:
        """Let another agent go on.

        Raises:
            ConfigError: If two of its tools or handoffs have the same name.
        """
        resolved = await resolve(agent, self._context)
        await self._do(lambda core, now: core.update_agent(resolved, now=now))

    async def _append(self, audio: bytes) -> None:
        connection = self._open_connection()
        if connection is not None:
            await self._sent(connection.send([encode_append(audio)]))

    async def _do(self, wish: Callable[[SessionCore, float], None]) -> None:
        connection = self._open_connection()
        if connection is not None:
            wish(connection.core, self._now())
            await self._sent(connection.flush())

    async def _sent(self, sending: Awaitable[None]) -> None:
        """Wait for ``sending``; that the socket is gone is no news if another takes its place."""
        try:
            await sending
        except SessionLost:
            if self._is_closing or self._succession is None or self._succession.is_over:
                raise

    # Connections.

    def has_ended(self, error: SessionError) -> bool:
        """Tell whether ``error`` is the end of the phone call that the session is attached to."""
        return self.is_attached and is_call_over(error)

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
        transport = await open_transport(self._endpoint, self._on_message)
        if self._is_closing:
            await transport.close()
            raise SessionLost("the session is not open", close_code=1000)
        if self._workshop is None or not self.is_attached:
            self._generation += 1
            self._workshop = Workshop(self._runner, is_kept=self.is_attached)
        core = SessionCore(
            resolved,
            self._options,
            self._playback,
            approvals=self._approvals,
            generation=self._generation,
            is_accepted=self._is_accepted,
            history=self._known,
            before=self._connection.core if self._connection is not None else None,
        )
        connection = Connection(
            core, transport, self._workshop, tell=self.tell, on_lost=self._connection_lost
        )
        self._opening = connection
        try:
            await connection.open(self._endpoint.shown, replay)
        finally:
            self._opening = None
        return connection

    async def resume(self, old: Connection) -> None:
        """Say over the connection in use what ``old``, of the same call, could not say."""
        assert self._connection is not None
        self._connection.core.resume(old.core)
        await self._sent(self._connection.flush())

    def end_work(self) -> None:
        """Ask nobody for approval any more, and let no tool of a call outlive it."""
        self._approvals.begin(self._generation + 1)
        if self._workshop is not None and self._workshop.is_kept:
            self._workshop.end()

    async def _forget_work(self) -> None:
        workshop, self._workshop = self._workshop, None
        if workshop is not None:
            await workshop.close()

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
            if not self.is_attached:
                self._approvals.begin(self._generation + 1)
            self._succession.lost(lost)
            return
        close_code = ENDED if self.has_ended(lost) else lost.close_code
        if self.is_attached:
            self.end_work()
        self.tell(Disconnected(close_code, str(lost), self._is_closing, self._now()))
