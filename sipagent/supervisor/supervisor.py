"""The appliance: engine, worker, HTTP, signals. Signals only append to a list; the loop acts.

| resource       | acquired | released | on failure                                        |
|----------------|----------|----------|---------------------------------------------------|
| metrics folder | ``run``  | ``run``  | one line, exit status 1                           |
| engine         | ``run``  | ``run``  | restarted with back-off; not ready meanwhile      |
| HTTP server    | ``run``  | ``run``  | one line, exit status 1                           |
| worker         | ``run``  | ``run``  | restarted with back-off, unless it cannot start   |
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Coroutine
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from sipagent.config import Config
from sipagent.errors import SipAgentError
from sipagent.ops.channel import Drain, Stop
from sipagent.ops.http import OpsServer, Readiness
from sipagent.ops.logs import set_up_logging

from .engine_process import EngineProcess
from .worker_process import WorkerProcess, fork_server

log = logging.getLogger(__name__)

EMBEDDED = "embedded"
DRAIN_LIMIT_S = 30.0
"""How long calls may go on after the first signal; a second one ends them at once."""


def run_supervisor(config: Config) -> int:
    """Run the appliance until a signal; return the exit status."""
    set_up_logging(config.log.level, config.log.format)
    with tempfile.TemporaryDirectory(prefix="sipagent-metrics-") as metrics_dir:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_dir
        try:
            return asyncio.run(_Supervisor(config, metrics_dir).run())
        except SipAgentError as error:
            sys.stderr.write(f"sipagent: {error}\n")
            return 1


class _Supervisor:
    def __init__(self, config: Config, metrics_dir: str) -> None:
        self._config, self._metrics_dir = config, metrics_dir
        self._signals: list[signal.Signals] = []
        self._signalled = asyncio.Event()
        self._engine: EngineProcess | None = None
        self._worker: WorkerProcess | None = None
        self._is_stopping = False

    async def run(self) -> int:
        """Run; return the exit status.

        Raises:
            SipAgentError: If something cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signal, number)
        config = self._config
        http = OpsServer(config.http.bind, config.http.port, self._metrics_dir, self._readiness)
        await http.start()
        tasks: list[asyncio.Task[None]] = []
        try:
            if config.realtime.url == EMBEDDED:
                self._engine = EngineProcess(config)
                await self._engine.start()
                tasks.append(loop.create_task(self._engine.run(), name="engine"))
            self._worker = WorkerProcess(
                fork_server(), config, self._realtime_url, self._worker_ended
            )
            tasks.append(loop.create_task(self._worker.run(), name="worker"))
            await self._until_one(self._worker.until_ready(), tasks[-1])
            if self._worker.ready is not None:
                self._announce(http.port)
            await self._until_one(self._signalled.wait(), tasks[-1])
            self._is_stopping = True
            if not self._worker.failure:
                await self._stop_worker()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._engine is not None:
                await self._engine.close()
            await http.close()
        if self._worker.failure:
            raise SipAgentError(self._worker.failure)
        return 0

    def _signal(self, number: signal.Signals) -> None:
        self._signals.append(number)
        self._signalled.set()

    async def _until_one(self, work: Coroutine[Any, Any, Any], worker: asyncio.Task[None]) -> None:
        """Wait for ``work``, a signal, or a worker that gave up."""
        loop = asyncio.get_running_loop()
        waits = [loop.create_task(each) for each in (work, self._signalled.wait())]
        await asyncio.wait([*waits, worker], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if worker.done():
            await worker  # raises what went wrong, unless the worker itself says it

    async def _stop_worker(self) -> None:
        assert self._worker is not None
        log.info("= draining: %s", self._signals[0].name)
        self._signalled.clear()
        self._worker.send(Drain(retry_after_s=int(DRAIN_LIMIT_S)))
        loop = asyncio.get_running_loop()
        ended = loop.create_task(self._worker.until_ended(), name="worker end")
        again = loop.create_task(self._signalled.wait(), name="second signal")
        await asyncio.wait(
            [ended, again], timeout=DRAIN_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
        )
        again.cancel()
        self._worker.send(Stop())
        await asyncio.wait([ended], timeout=8)
        ended.cancel()
        self._worker.kill()

    def _realtime_url(self) -> str:
        return self._engine.url if self._engine is not None else self._config.realtime.url

    def _worker_ended(self, pid: int) -> None:
        mark_process_dead(pid, self._metrics_dir)  # type: ignore[no-untyped-call]

    def _readiness(self) -> Readiness:
        reasons = []
        heartbeat = self._worker.heartbeat if self._worker is not None else None
        if self._is_stopping:
            reasons.append("draining")
        if self._engine is not None and not self._engine.is_ready:
            reasons.append("the embedded engine is not running")
        if self._worker is None or self._worker.ready is None or heartbeat is None:
            reasons.append("no worker is ready")
        elif heartbeat.calls_in_use >= heartbeat.call_limit:
            reasons.append("all calls are in use")
        return Readiness(
            not reasons,
            tuple(reasons),
            heartbeat.calls_in_use if heartbeat is not None else 0,
            heartbeat.call_limit if heartbeat is not None else 0,
        )

    def _announce(self, http_port: int) -> None:
        assert self._worker is not None and self._worker.ready is not None
        ready, config = self._worker.ready, self._config
        speaks_to = "the embedded engine" if self._engine is not None else config.realtime.url
        transports = " and ".join(each.upper() for each in config.sip.transports)
        sys.stdout.write(
            f"sipagent: SIP on {config.sip.bind}:{ready.sip_port} ({transports}), "
            f"{ready.call_limit} calls, {ready.plans} dialplans, speaking to {speaks_to}; "
            f"HTTP on {config.http.bind}:{http_port}\n"
        )
