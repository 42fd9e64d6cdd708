"""What is sent somewhere beside a call, and after it: posted until it is taken, or appended.

One per process; whoever runs the process closes it, which waits a little for what is under way.

| resource | acquired             | released              | on failure                     |
|----------|----------------------|-----------------------|--------------------------------|
| tasks    | ``post``, ``append`` | their end, ``close``  | tried again, then logged       |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from sipagent.errors import ToolError

from .http_client import HTTP, HttpRequest

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 5.0, 25.0, 125.0)
"""Between the attempts."""

ATTEMPT_S = 10.0
CLOSE_LIMIT_S = 2.0
MOST_WAITING = 1_000
"""Beyond this nothing more is taken on: a server that is gone must not cost the memory."""


class HttpPosts:
    """Send things; nobody waits for it.

    Attributes:
        on_settled: Told of each whether it arrived.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_settled: Callable[[bool], None] = lambda arrived: None

    def post(self, request: HttpRequest) -> None:
        """Send a request, again and again; its receiver must know it by its key."""
        self._start(lambda: self._posted(request))

    def append(self, file: Path, line: bytes) -> None:
        """Append a line to a file."""
        self._start(lambda: asyncio.to_thread(_appended, file, line))

    async def close(self) -> None:
        """Wait for what is under way, then give it up."""
        if not self._tasks:
            return
        await asyncio.wait(self._tasks, timeout=CLOSE_LIMIT_S)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        if late:
            log.error("! %d messages were not sent before the end", len(late))
        await asyncio.gather(*late, return_exceptions=True)

    def _start(self, work: Callable[[], Awaitable[bool]]) -> None:
        if len(self._tasks) >= MOST_WAITING:
            log.error("! a message is not sent: %d wait already", MOST_WAITING)
            self.on_settled(False)
            return
        task = asyncio.get_running_loop().create_task(self._settled(work), name="message")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settled(self, work: Callable[[], Awaitable[bool]]) -> None:
        arrived = False
        try:
            arrived = await work()
        finally:
            self.on_settled(arrived)

    async def _posted(self, request: HttpRequest) -> bool:
        why = ""
        for pause_s in (*PAUSES_S, None):
            try:
                answer = await HTTP.ask(request, timeout_s=ATTEMPT_S)
            except ToolError as error:
                why = str(error)
            else:
                if 200 <= answer.status < 300:
                    return True
                why = f"status {answer.status}"
                if 400 <= answer.status < 500 and answer.status not in {408, 425, 429}:
                    break  # it will not be taken the next time either
            log.warning("! a message is not taken yet: %s", why)
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        log.error("! a message is not taken: %s", why)
        return False


def _appended(file: Path, line: bytes) -> bool:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o640)  # it holds names, numbers, and what was said
        with file.open("ab") as opened:
            opened.write(line + b"\n")
    except OSError as error:
        log.error("! a message is not written: %s", error.strerror)
        return False
    return True


POSTS = HttpPosts()
"""Of this process."""
