"""One core over one socket: reads, sends in order, and has the core's work done.

| resource   | acquired      | released           | on failure                                |
|------------|---------------|--------------------|-------------------------------------------|
| socket     | handed in     | ``close``          | ``on_lost``                               |
| reader     | ``open``      | end of the socket  | ``on_lost``, the last that is heard of it |
| workshop   | handed in     | `close`, if its    | see there                                 |
|            |               | work is not kept   |                                           |
| timer      | a deadline    | it passed, `close` | what follows is not sent                  |
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from sipagent.errors import SessionLost, SessionTimeout
from sipagent.wire.client import ConversationItemCreate

from .core import SessionCore
from .events import SessionErrorReported, SessionEvent
from .transport import WebSocketTransport
from .workshop import Workshop

log = logging.getLogger(__name__)

CONFIGURED_LIMIT_S = 5.0
"""How long ``session.updated`` may take; without it the first words would meet a default VAD."""

RETOLD_LIMIT_S = 1.0
"""How long an endpoint may take to confirm what it is retold; some never do, and somebody waits."""


class Connection:
    """Drive a core over a transport, and own both.

    Args:
        core: New.
        transport: Open.
        workshop: Has the core's work done.
        tell: Hears every event, in order; those of the opening once ``activate`` was called.
        on_lost: Called when the socket is gone, whoever closed it.
    """

    def __init__(
        self,
        core: SessionCore,
        transport: WebSocketTransport,
        workshop: Workshop,
        *,
        tell: Callable[[SessionEvent], None],
        on_lost: Callable[[Connection, SessionLost], None],
    ) -> None:
        self.core = core
        self._transport, self._workshop = transport, workshop
        self._tell, self._on_lost = tell, on_lost
        self._now = asyncio.get_running_loop().time
        self._sending = asyncio.Lock()
        self._unsent: deque[str] = deque()
        self._settled = asyncio.Event()
        self._progress = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expiring: set[asyncio.Task[None]] = set()
        self._held: list[SessionEvent] | None = []
        self._refusal = ""
        self._lost: SessionLost | None = None
        self.is_closing = False
        workshop.use(self, is_active=False)

    async def open(self, where: str, replay: Sequence[ConversationItemCreate] = ()) -> None:
        """Configure the session and wait until the endpoint confirmed it.

        Args:
            where: Names the endpoint in errors.
            replay: What is retold of a session before.

        Raises:
            SessionTimeout: If the confirmation took too long.
            SessionLost: If the endpoint refused the configuration, or the socket closed.
        """
        loop = asyncio.get_running_loop()
        self._reader = loop.create_task(self._read(), name="realtime reader")
        try:
            self.core.open(replay)
            await self.flush()
            async with asyncio.timeout(CONFIGURED_LIMIT_S):
                await self._settled.wait()
            if not self.core.is_configured:
                close_code = self._lost.close_code if self._lost is not None else 1006
                text = f"{where} did not take our session: {self._refusal}"
                raise SessionLost(text, close_code=close_code)
            await self._until_retold(len(replay))
            if self._lost is not None:  # nobody would hear of it
                raise self._lost
        except TimeoutError:
            await self.close()
            raise SessionTimeout(f"{where} did not confirm our session") from None
        except BaseException:
            await self.close()
            raise

    async def _until_retold(self, items: int) -> None:
        """Wait until the endpoint has taken what was retold, or as much as it will."""
        try:
            async with asyncio.timeout(RETOLD_LIMIT_S):
                while len(self.core.history.items) < items and not self.is_gone:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            log.warning("! the endpoint did not take all of the conversation before")

    @property
    def is_gone(self) -> bool:
        """Tell whether the socket was lost."""
        return self._lost is not None

    def activate(self) -> None:
        """Tell what happened so far, and everything from now on."""
        held, self._held = self._held or [], None
        for event in held:
            self._tell(event)
        self._workshop.use(self, is_active=True)
        self._set_timer()

    async def flush(self) -> None:
        """Tell, start and send what the core has to say. Cancelling it loses nothing.

        Raises:
            SessionLost: If there is something to send and the socket is gone.
        """
        out = self.core.out
        for event in out.take_events():
            if isinstance(event, SessionErrorReported) and not self.core.is_configured:
                self._refusal = event.message
                self._settled.set()
            if self._held is None:
                self._tell(event)
            else:
                self._held.append(event)
        if self.core.is_configured:
            self._settled.set()
        self._progress.set()
        for work in out.take_work():
            self._workshop.start(work)
        self._set_timer()
        await self.send(out.take_messages())

    async def send(self, messages: Sequence[str]) -> None:
        """Send messages; waits while the socket is congested.

        What a sender who is cancelled leaves behind goes with the next one: the core has said it.

        Raises:
            SessionLost: If the socket is gone.
        """
        if messages and self._lost is not None:
            raise self._lost
        if messages and self.is_closing:
            raise not_open()
        self._unsent.extend(messages)
        if not self._unsent or self.is_gone or self.is_closing:
            return
        async with self._sending:  # one sender at a time, or two callers reorder messages
            while self._unsent:
                await self._transport.send(self._unsent.popleft())

    def retire(self) -> None:
        """Tell nothing any more, and begin no work: another takes over."""
        self.is_closing = True
        self._tell = _tell_nobody
        if self._timer is not None:
            self._timer.cancel()
        if not self._workshop.is_kept:
            self._workshop.end()

    async def close(self) -> None:
        """End it; harmless when it is closed."""
        self.is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._expiring:
            task.cancel()
        await asyncio.gather(*self._expiring, return_exceptions=True)
        if not self._workshop.is_kept:
            await self._workshop.close()
        await self._transport.close()
        if self._reader is not None and self._reader is not asyncio.current_task():
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                message = await self._transport.receive()
                self.core.receive(message, now=self._now())
                await self.flush()
        except SessionLost as lost:
            self._lost = gone = lost
        self._refusal = self._refusal or str(gone)
        self._settled.set()
        self._progress.set()
        self._on_lost(self, gone)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.core.tools.deadline()
        if deadline is not None and not self.is_closing and self._held is None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        self.core.tools.expire(now=self._now())
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._flush_quietly(), name="realtime timer")
        self._expiring.add(task)
        task.add_done_callback(self._expiring.discard)

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except SessionLost:
            log.debug("a deadline passed after its session")


def _tell_nobody(_: SessionEvent) -> None:
    pass


def not_open() -> SessionLost:
    """Return what is said to whoever wants something of a session that is not open."""
    return SessionLost("the session is not open", close_code=1000)
