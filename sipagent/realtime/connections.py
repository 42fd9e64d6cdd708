"""The connections of a session: how each is opened, and which one is in use.

Each knows what the one before it leaves behind. See ``succession`` for when one takes the place of
another, and ``generations`` for what belongs to which.

| resource   | acquired          | released                     | on failure                      |
|------------|-------------------|------------------------------|---------------------------------|
| connection | `connect`, `open` | `close`, or another after it | raised; later ``Disconnected``, |
|            |                   |                              | unless another is opened        |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.errors import ConfigError, SessionError, SessionLost
from sipagent.wire.client import ConversationItemCreate
from sipagent.wire.events import Json

from .approvals import Approvals
from .call_end import ENDED, is_call_over
from .connection import Connection, not_open
from .conversation_events import HistoryUpdated
from .core import SessionCore
from .endpoint import Endpoint
from .events import Disconnected, SessionEvent
from .generations import Generations
from .history import History
from .history_items import HistoryItem
from .options import SessionOptions
from .playback import AttachedPlayback, Playback
from .rotation import RotationSettings
from .succession import Succession
from .transport import OnMessage, open_transport
from .work import WorkRunner


class Connections:
    """Open connections, and hand wishes to the one in use.

    Args:
        options: Of the session.
        context: Handed to tools, guardrails, hooks and instructions.
        playback: Knows what was heard; not asked of a call that is attached to.
        history: Items that such a call has already.
        tell: Hears every event.
        on_message: Sees each message of the wire.
    """

    def __init__(
        self,
        options: SessionOptions,
        context: Any,
        playback: Playback,
        *,
        history: Sequence[Json],
        tell: Callable[[SessionEvent], None],
        on_message: OnMessage | None,
    ) -> None:
        self._options, self._context, self._tell = options, context, tell
        self._own_playback = self.playback = playback
        self._known = tuple(history)
        self._on_message = on_message
        self._now = asyncio.get_running_loop().time
        approvals = Approvals(tool_error_formatter=options.tool_error_formatter, context=context)
        self._generations = Generations(WorkRunner(options, context, self._now), approvals)
        self._connecting = asyncio.Lock()
        self._endpoint: Endpoint | None = None
        self._is_accepted = False
        self._opening: Connection | None = None
        self.in_use: Connection | None = None
        """The one in use, or the last."""
        self.succession: Succession | None = None
        self.is_closing = False

    def outlive(self, settings: RotationSettings, wall_clock: Callable[[], float] | None) -> None:
        """Let a connection be followed by another before the conversation ends."""
        self.succession = Succession(self, settings, wall_clock, self._tell)

    @property
    def is_attached(self) -> bool:
        """Whether the session is about a phone call at the endpoint."""
        return self._endpoint is not None and bool(self._endpoint.realtime_call_id)

    @property
    def history(self) -> list[HistoryItem]:
        """The conversation as the endpoint has it, or had it last."""
        if self.in_use is not None:
            return self.in_use.core.history.items
        known = History()
        known.restore(self._known)
        return known.items

    def has_ended(self, error: SessionError) -> bool:
        """Tell whether ``error`` is the end of the phone call that the session is attached to."""
        return self.is_attached and is_call_over(error)

    async def connect(self, agent: RealtimeAgent, endpoint: Endpoint, *, is_accepted: bool) -> None:
        """Open the first and use it.

        Raises:
            ConfigError: If something is said of a phone call and the endpoint names none.
            SessionError: If one is in use or being opened, or as ``open``.
        """
        if not endpoint.realtime_call_id and (is_accepted or self._known):
            what = "is_accepted" if is_accepted else "history"
            raise ConfigError("belongs to a session that is attached to a call", where=what)
        if self.in_use is not None or self._connecting.locked():
            raise SessionError("already connected or connecting")
        async with self._connecting:
            self._endpoint, self._is_accepted = endpoint, is_accepted
            await self._generations.close()
            self.playback = AttachedPlayback() if self.is_attached else self._own_playback
            self.use(await self.open(agent))
        self._tell(HistoryUpdated(tuple(self.history), self._now()))

    async def open(
        self, agent: RealtimeAgent, replay: Sequence[ConversationItemCreate] = ()
    ) -> Connection:
        """Open another connection, which tells nothing yet. Cancelling it leaves nothing open.

        Args:
            agent: Speaks.
            replay: What is retold of the conversation so far.

        Raises:
            SessionError: If the endpoint refused, took too long or went away.
        """
        assert self._endpoint is not None
        resolved = await resolve(agent, self._context)
        transport = await open_transport(self._endpoint, self._on_message)
        if self.is_closing:
            await transport.close()
            raise not_open()
        workshop = self._generations.begin(is_attached=self.is_attached)
        core = SessionCore(
            resolved,
            self._options,
            self.playback,
            approvals=self._generations.approvals,
            generation=self._generations.number,
            is_accepted=self._is_accepted,
            history=self._known,
            before=self.in_use.core if self.in_use is not None else None,
        )
        connection = Connection(core, transport, workshop, tell=self._tell, on_lost=self._lost)
        self._opening = connection
        try:
            await connection.open(self._endpoint.shown, replay)
        finally:
            self._opening = None
        if self.is_closing:
            await connection.close()
            raise not_open()
        return connection

    def use(self, connection: Connection) -> None:
        """Go on over ``connection``."""
        self.in_use = connection
        self._generations.used()
        connection.activate()
        if self.succession is not None:
            self.succession.opened(connection)

    async def do(self, wish: Callable[[SessionCore, float], None]) -> None:
        """Let the core in use do ``wish``, and send what follows; nothing while it is replaced.

        Raises:
            SessionLost: If the session is not open.
        """
        connection = self._open_connection()
        if connection is not None:
            wish(connection.core, self._now())
            await self._sent(connection.flush())

    async def send(self, message: str) -> None:
        """Send a message; nothing while the connection is replaced.

        Raises:
            SessionLost: If the session is not open.
        """
        connection = self._open_connection()
        if connection is not None:
            await self._sent(connection.send([message]))

    def told(self, event: SessionEvent) -> None:
        """Note what goes on in the conversation."""
        if self.succession is not None:
            self.succession.told(event)

    def end_work(self) -> None:
        """Ask nobody for approval any more, and let no tool of a call outlive it."""
        self._generations.end()

    async def close(self) -> None:
        """End all of them; harmless when they are."""
        self.is_closing = True
        self.end_work()
        await self._generations.close()
        if self.succession is not None:
            await self.succession.close()
        for connection in (self._opening, self.in_use):
            if connection is not None:
                await connection.close()

    def _open_connection(self) -> Connection | None:
        """Return the connection in use, None while another is being opened."""
        connection = self.in_use
        if connection is None or self.is_closing:
            raise not_open()
        is_replaced = self.succession is not None and self.succession.is_opening
        return None if connection.is_gone and is_replaced else connection

    async def _sent(self, sending: Awaitable[None]) -> None:
        """Wait for ``sending``; that the socket is gone is no news if another takes its place."""
        try:
            await sending
        except SessionLost:
            if self.is_closing or self.succession is None or self.succession.is_over:
                raise

    def _lost(self, connection: Connection, lost: SessionLost) -> None:
        if connection is not self.in_use:
            return  # it never was in use, or another has taken over
        if self.succession is not None and not self.is_closing:
            self._generations.lost()
            self.succession.lost(lost)
            return
        close_code = ENDED if self.has_ended(lost) else lost.close_code
        if self.is_attached:
            self.end_work()
        self._tell(Disconnected(close_code, str(lost), self.is_closing, self._now()))
