"""The embedded engine as a child of the supervisor, started again on the same port if it ends.

It has a process group of its own: Ctrl-C on a terminal is for the supervisor alone, since calls
need the engine until they are over.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import IO

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import EngineError

from .restarts import RestartPolicy

log = logging.getLogger(__name__)

START_LIMIT_S = 60.0
LOAD_LIMIT_S = 20.0
_PR_SET_PDEATHSIG = 1


class EngineProcess:
    """Keep the engine running.

    Args:
        config: Of the appliance.
        plans: Asked at each start: whose scripts it is to have.
    """

    def __init__(self, config: Config, plans: Callable[[], PlanSource]) -> None:
        self._config, self._plans = config, plans
        self._orders: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._now = asyncio.get_running_loop().time
        self._process: asyncio.subprocess.Process | None = None
        self.port = self.restarts = 0
        self.is_ready = False

    @property
    def pid(self) -> int | None:
        """Of the process, None while there is none."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process is not None else None

    @property
    def url(self) -> str:
        """Where its sessions are."""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    async def start(self) -> None:
        """Start it and wait until it takes sessions.

        Raises:
            EngineError: If it does not; its own log says why.
        """
        plans = self._plans()
        ours, theirs = socket.socketpair()
        read_fd, write_fd = os.pipe()
        pipe = os.fdopen(read_fd, "rb", 0)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sipagent", "engine", "--host", "127.0.0.1"),
                *("--port", str(self.port), "--scripts", str(plans.copy)),
                *("--scripts-version", plans.sha, "--orders-fd", str(theirs.fileno())),
                *("--recognisers", str(self._config.engine.recognisers)),
                *("--max-sessions", str(self._config.engine.max_sessions)),
                *("--ready-fd", str(write_fd)),
                *("--log-level", self._config.log.level, "--log-format", self._config.log.format),
                pass_fds=[write_fd, theirs.fileno()],
                process_group=0,
                preexec_fn=_die_with_parent,
            )
        except BaseException:
            pipe.close()
            ours.close()
            raise
        finally:
            os.close(write_fd)
            theirs.close()
        self._close_orders()
        self._orders = await asyncio.open_connection(sock=ours)
        line = await self._ready_line(pipe)
        if not line:
            await self.close()
            raise EngineError("the embedded engine does not start")
        self.port, self.is_ready = int(line), True
        if self._plans().sha != plans.sha:  # an edit while it started
            await self.load(self._plans())

    async def load(self, plans: PlanSource) -> str:
        """Have it know the scripts of a version; return ``""``, or why it does not.

        An engine that is not running is given the version in use when it starts.
        """
        if not self.is_ready or self._orders is None:
            return ""
        reader, writer = self._orders
        order = {"version": plans.sha, "folder": str(plans.copy)}
        try:
            async with asyncio.timeout(LOAD_LIMIT_S):
                writer.write(json.dumps(order).encode() + b"\n")
                await writer.drain()
                while True:  # an answer that came too late is not this one's
                    answer = json.loads(await reader.readline() or b"{}")
                    if not answer:
                        return "the embedded engine ended"
                    if answer["version"] == plans.sha:
                        return str(answer["problem"])
        except (OSError, TimeoutError) as error:
            return f"the embedded engine does not load its scripts: {type(error).__name__}"

    async def run(self) -> None:
        """Start it again whenever it ends, until cancelled."""
        policy = RestartPolicy()
        policy.started(now=self._now())
        while True:
            if self._process is not None:
                await self._process.wait()
            self.is_ready = False
            delay_s = policy.ended(now=self._now())
            self.restarts += 1
            log.error("! engine ended; starting again in %g s", delay_s)
            await asyncio.sleep(delay_s)
            policy.started(now=self._now())
            try:
                await self.start()
            except (EngineError, OSError) as error:  # OSError: no memory or files for a process
                log.error("! %s", error)

    async def close(self) -> None:
        """End it; harmless when it is gone."""
        process, self._process = self._process, None
        self.is_ready = False
        self._close_orders()
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def _close_orders(self) -> None:
        if self._orders is not None:
            self._orders[1].close()
            self._orders = None

    async def _ready_line(self, pipe: IO[bytes]) -> bytes:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            async with asyncio.timeout(START_LIMIT_S):
                return await reader.readline()
        except TimeoutError:
            return b""
        finally:
            transport.close()


def _die_with_parent() -> None:
    """Between fork and exec: end when the supervisor does, however it does."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
