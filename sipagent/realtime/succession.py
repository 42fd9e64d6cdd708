"""One connection after another: carries out what ``rotation`` decides.

A new connection is told the conversation so far as text, and takes over with the agent who was
speaking. Tools that run when a connection ends are cancelled with it; what nobody has answered yet
is answered by the new one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sipagent.errors import SessionError, SessionLost

from . import events
from .connection import Connection
from .conversation_events import ConnectionLost, HistoryUpdated, Reconnected, SessionExpiring
from .history_items import UserMessage
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
    TimerFired,
)
from .rotation import SessionLost as ConnectionEnded

if TYPE_CHECKING:
    from .session import RealtimeSession

log = logging.getLogger(__name__)

MOST_ITEMS, MOST_CHARS = 100, 20_000
"""How much of the conversation a new connection is told."""

LOOK_AGAIN_S = 0.25
"""How often to look whether all is quiet, while a connection waits to be replaced."""


class Succession:
    """Replace the connections of a session.

    Args:
        session: Whose.
        settings: See ``rotation``.
        wall_clock: Returns Unix seconds; None: connections are not replaced before they expire.
    """

    def __init__(
        self,
        session: RealtimeSession,
        settings: RotationSettings,
        wall_clock: Callable[[], float] | None,
    ) -> None:
        self._session, self._wall_clock = session, wall_clock
        self._rotation = Rotation(settings)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._replacing: asyncio.Task[None] | None = None
        self._is_caller_speaking = False
        self._lost: SessionLost | None = None

    @property
    def is_opening(self) -> bool:
        """Tell whether there is no connection, but will be."""
        return self._rotation.state in {RotationState.LOST, RotationState.OPENING}

    def opened(self, connection: Connection) -> None:
        """Note that a connection carries the session."""
        clock = self._wall_clock
        expires_at = connection.core.expires_at if clock is not None else None
        self._handle(SessionOpened(expires_at, clock() if clock is not None else 0.0))

    def lost(self, lost: SessionLost) -> None:
        """Note that the connection in use is gone, and not by us."""
        self._lost = lost
        now = self._loop.time()
        self._session.tell(ConnectionLost(lost.close_code, str(lost), now))
        self._handle(ConnectionEnded(str(lost)))

    def told(self, event: events.SessionEvent) -> None:
        """Note what goes on in the conversation."""
        match event:
            case events.SpeechStarted():
                self._is_caller_speaking = True
            case events.SpeechStopped():
                self._is_caller_speaking = False

    async def close(self) -> None:
        """Replace nothing any more."""
        self._handle(SessionClosed())
        if self._timer is not None:
            self._timer.cancel()
        if self._replacing is not None:
            self._replacing.cancel()
            await asyncio.gather(self._replacing, return_exceptions=True)

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
        connection = self._session.connection
        is_ongoing = connection is not None and connection.core.out.sequencer.is_ongoing
        is_playing = self._session.playback.is_playing(self._loop.time())
        self._rotation.handle(
            ActivityChanged(is_ongoing, is_playing, self._is_caller_speaking),
            now=self._loop.time(),
        )
        self._handle(TimerFired())

    def _carry_out(self, command: RotationCommand, now: float) -> None:
        match command:
            case TellExpiring(in_s):
                self._session.tell(SessionExpiring(in_s, now))
            case Rotate():
                self._replace("expiry")
            case Reconnect(reason):
                self._replace(reason)
            case GiveUp(reason):
                close_code = self._lost.close_code if self._lost is not None else 1006
                self._session.tell(events.Disconnected(close_code, reason, False, now))

    def _replace(self, reason: str) -> None:
        task = self._loop.create_task(self._take_over(reason), name="realtime succession")
        self._replacing = task

    async def _take_over(self, reason: str) -> None:
        session, old = self._session, self._session.connection
        assert old is not None
        history = old.core.history.history.items
        replay = replay_items(history, most_items=MOST_ITEMS, most_chars=MOST_CHARS)
        try:
            new = await session.open_connection(old.core.current_agent, replay)
        except SessionError as error:
            log.warning("! no new session: %s", error)
            self._handle(OpenFailed(str(error)))
            return
        self._is_caller_speaking = False
        session.replace_connection(new)
        await old.close()
        session.tell(Reconnected(reason, self._loop.time()))
        session.tell(HistoryUpdated(tuple(session.history), self._loop.time()))
        if history and isinstance(history[-1], UserMessage):
            await session.create_response()
