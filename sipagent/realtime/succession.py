"""One connection after another: carries out what ``rotation`` decides.

A new connection is told the conversation so far as text, and takes over with the agent who was
speaking. Tools that run when a connection ends are cancelled with it; what nobody has answered yet
is answered by the new one. A phone call attached to at the endpoint keeps its conversation there:
its new connection is told nothing but what tools said meanwhile, none is opened before a session
expires, and the end of the call is the end of it all.

| resource       | acquired             | released                     | on failure            |
|----------------|----------------------|------------------------------|-----------------------|
| new connection | after a loss, before | the session uses it, or      | closed; tried again   |
|                | the session expires  | `close` cancels its opening  | or given up           |
| old connection | from the session     | closed beside all else       | `close` waits for it  |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sipagent.errors import SessionError, SessionLost
from sipagent.wire.client import ConversationItemCreate

from . import events
from .activity import activity
from .call_end import ENDED
from .connection import Connection
from .connection_events import ConnectionLost, Reconnected, SessionExpiring
from .conversation_events import HistoryUpdated
from .history_items import HistoryItem
from .replay import replay_items
from .rotation import (
    ActivityChanged,
    GiveUp,
    OpenFailed,
    Reconnect,
    Rotate,
    Rotation,
    RotationCommand,
    RotationEvent,
    RotationSettings,
    RotationState,
    SessionClosed,
    SessionOpened,
    TellExpiring,
)
from .rotation import SessionLost as ConnectionEnded

if TYPE_CHECKING:
    from .connections import Connections

log = logging.getLogger(__name__)

MOST_ITEMS, MOST_CHARS = 100, 20_000
"""How much of the conversation a new connection is told."""

LOOK_AGAIN_S = 0.25
"""How often to look whether all is quiet, while a connection waits to be replaced."""


class Succession:
    """Replace the connections of a session.

    Args:
        connections: Open them.
        settings: See ``rotation``.
        wall_clock: Returns Unix seconds; None: connections are not replaced before they expire.
        tell: Hears what becomes of them.
    """

    def __init__(
        self,
        connections: Connections,
        settings: RotationSettings,
        wall_clock: Callable[[], float] | None,
        tell: Callable[[events.SessionEvent], None],
    ) -> None:
        self._connections, self._wall_clock, self._tell = connections, wall_clock, tell
        self._rotation = Rotation(settings)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._replacing: asyncio.Task[None] | None = None
        self._is_caller_speaking = False
        self._retired: set[asyncio.Task[None]] = set()
        self._lost: SessionLost | None = None

    @property
    def is_opening(self) -> bool:
        """Tell whether there is no connection, but may be one again."""
        return self._rotation.is_replacing

    @property
    def is_over(self) -> bool:
        """Tell whether no connection is replaced any more."""
        return self._rotation.state is RotationState.ENDED

    def opened(self, connection: Connection) -> None:
        """Note that a connection carries the session."""
        clock = self._wall_clock
        is_dated = clock is not None and not self._connections.is_attached
        expires_at = connection.core.expires_at if is_dated else None
        self._handle(SessionOpened(expires_at, clock() if clock is not None else 0.0))

    def lost(self, lost: SessionLost) -> None:
        """Note that the connection in use is gone, and not by us."""
        old = self._connections.in_use
        assert old is not None
        self._lost = lost
        self._retire(old)
        if self._connections.has_ended(lost):
            self._call_ended(lost)
            return
        self._handle(ConnectionEnded(str(lost)))
        if self.is_opening:
            now = self._loop.time()
            self._tell(ConnectionLost(lost.close_code, str(lost), now))

    def told(self, event: events.SessionEvent) -> None:
        """Note what goes on in the conversation."""
        match event:
            case events.SpeechStarted():
                self._is_caller_speaking = True
            case events.SpeechStopped():
                self._is_caller_speaking = False

    async def close(self) -> None:
        """Replace nothing any more, and wait until all that was opened is closed."""
        was_lost = self.is_opening
        self._handle(SessionClosed())
        self._stop_replacing()
        tasks = [self._replacing, *self._retired]
        await asyncio.gather(*(each for each in tasks if each), return_exceptions=True)
        if was_lost and self._lost is not None:  # its end was no end yet
            self._tell_end(self._lost.close_code, str(self._lost), is_expected=True)

    def _handle(self, event: RotationEvent) -> None:
        now = self._loop.time()
        for command in self._rotation.handle(event, now=now):
            self._carry_out(command, now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._rotation.deadline()
        if deadline is not None:
            if self._rotation.state is RotationState.WAITING:
                deadline = min(deadline, now + LOOK_AGAIN_S)
            self._timer = self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._handle(self._activity())

    def _activity(self) -> ActivityChanged:
        connection = self._connections.in_use
        core = None if connection is None else connection.core
        playback, is_caller_speaking = self._connections.playback, self._is_caller_speaking
        now = self._loop.time()
        return activity(core, playback, is_caller_speaking=is_caller_speaking, now=now)

    def _carry_out(self, command: RotationCommand, now: float) -> None:
        match command:
            case TellExpiring(in_s):
                self._tell(SessionExpiring(in_s, now))
            case Rotate(is_idle):
                self._replace(must_be_idle=is_idle)
            case Reconnect():
                self._replace(must_be_idle=False)
            case GiveUp(reason):
                self._stop_replacing()
                close_code = self._lost.close_code if self._lost is not None else 1006
                self._tell_end(close_code, reason, is_expected=False)

    def _call_ended(self, error: SessionError) -> None:
        self._handle(SessionClosed())
        self._tell_end(ENDED, str(error), is_expected=False)

    def _tell_end(self, close_code: int, reason: str, *, is_expected: bool) -> None:
        now = self._loop.time()
        self._connections.end_work()
        self._tell(events.Disconnected(close_code, reason, is_expected, now))

    # One connection gives way to another.

    def _replace(self, *, must_be_idle: bool) -> None:
        work = self._take_over(must_be_idle)
        self._replacing = self._loop.create_task(work, name="realtime succession")

    def _stop_replacing(self) -> None:
        if self._replacing is not None and self._replacing is not asyncio.current_task():
            self._replacing.cancel()

    async def _take_over(self, must_be_idle: bool) -> None:
        connections, old = self._connections, self._connections.in_use
        assert old is not None
        try:
            new = await self._successor(old, must_be_idle)
        except Exception as error:  # instructions of an agent may raise anything
            if connections.is_closing:
                return  # that is why
            if isinstance(error, SessionError) and connections.has_ended(error):
                self._call_ended(error)
                return
            reason = str(error) if isinstance(error, SessionError) else type(error).__name__
            log.warning("! no new session: %s", reason)
            self._handle(OpenFailed(reason))
            return
        reason = str(self._lost) if old.is_gone else "expiry"
        must_answer = not connections.is_attached and _is_answer_due(_history(old))
        self._is_caller_speaking = False
        self._retire(old)
        connections.use(new)
        self._tell(Reconnected(reason, self._loop.time()))
        self._tell(HistoryUpdated(tuple(connections.history), self._loop.time()))

        if connections.is_attached:
            await connections.do(lambda core, _: core.resume(old.core))
        elif must_answer:
            await connections.do(lambda core, _: core.out.request_response())

    async def _successor(self, old: Connection, must_be_idle: bool) -> Connection:
        """Open a connection that knows what ``old`` knows.

        Raises:
            SessionError: If it cannot be opened, or ``old`` went on meanwhile.
        """
        connections, agent, told = self._connections, old.core.current_agent, _history(old)
        config = old.core.configuring.config
        new = await connections.open(agent, [] if connections.is_attached else _replay(told))
        try:
            while not connections.is_attached and (rest := _said_since(told, old)):
                told = _history(old)
                new.core.out.send(*rest)
                await new.flush()
            # Nothing may be waited for from here on, or it would miss what comes meanwhile.
            if new.is_gone:
                raise SessionError("it was lost before it was used")
            if old.core.configuring.config is not config:
                raise SessionError("another agent or configuration was asked for meanwhile")
            if must_be_idle and not old.is_gone and not self._activity().is_idle:
                raise SessionError("the quiet moment is over")
        except BaseException:
            await new.close()
            raise
        return new

    def _retire(self, old: Connection) -> None:
        old.retire()
        task = self._loop.create_task(old.close(), name="realtime retiring")
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)


def _history(connection: Connection) -> list[HistoryItem]:
    return connection.core.history.items


def _said_since(told: Sequence[HistoryItem], old: Connection) -> list[ConversationItemCreate]:
    """Return what retells what ``old`` has and was not ``told``, or not in these words."""
    known = {item.item_id: _replay([item]) for item in told}
    return _replay([each for each in _history(old) if known.get(each.item_id) != _replay([each])])


def _replay(items: Sequence[HistoryItem]) -> list[ConversationItemCreate]:
    return replay_items(items, most_items=MOST_ITEMS, most_chars=MOST_CHARS)


def _is_answer_due(items: Sequence[HistoryItem]) -> bool:
    """Tell whether the last who said something, as far as it is known, was the user."""
    roles = [message.item["role"] for message in _replay(items)]
    spoken = [role for role in roles if role != "system"]
    return bool(spoken) and spoken[-1] == "user"
