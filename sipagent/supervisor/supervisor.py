"""The appliance: engine, worker, HTTP, attached calls, signals. Signals only append to a list.

| resource        | acquired | released | on failure                                      |
|-----------------|----------|----------|-------------------------------------------------|
| store of calls  | ``run``  | ``run``  | calls go on; too new: one line, exit status 1   |
| engine          | ``run``  | ``run``  | restarted with back-off; not ready meanwhile    |
| HTTP server     | ``run``  | ``run``  | one line, exit status 1                         |
| worker          | ``run``  | ``run``  | restarted with back-off, unless it cannot start |
| audit log       | ``run``  | ``run``  | lines are lost, logged and counted              |
| webhooks        | ``run``  | ``run``  | one line, exit status 1; see ``attaching``      |
| attached calls  | ``run``  | ``run``  | restarted with back-off, unless it cannot start |
| service manager | ``run``  | ``run``  | is told no more; see ``notify``                 |
| plans           | ``run``  | ``run``  | a broken edit keeps those before it in use      |
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Hashable, Sequence
from functools import partial
from importlib.metadata import version
from multiprocessing.context import ForkServerContext
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import SipAgentError
from sipagent.ops.api import Api
from sipagent.ops.audit import AuditLog
from sipagent.ops.box_metrics import BoxMetrics
from sipagent.ops.channel import Drain, Message, Stop
from sipagent.ops.http import OpsServer
from sipagent.ops.status import Readiness
from sipagent.ops.store.keeper import StoreKeeper
from sipagent.realtime.settings import EMBEDDED

from .admin_api import admin_api
from .attaching import Attaching
from .engine_process import EngineProcess
from .notify import ServiceManager
from .plan_keeper import PlanKeeper
from .readiness import State, announcement, box_state, readiness, status_line
from .store_keeping import store_keeper
from .worker_process import WorkerProcess

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)

DRAIN_LIMIT_S = 30.0
"""How long calls may go on after the first signal; a second one ends them at once."""

WORKER, ATTACHED = "worker", "attached calls"
"""What the API knows the processes with calls as."""

STOP_LIMIT_S = 8.0
"""How long ending everything at once may take."""


def run_supervisor(config: Config, context: ForkServerContext, metrics_dir: str) -> int:
    """Run until a signal; return the exit status.

    Args:
        config: Of the appliance.
        context: Of the fork server.
        metrics_dir: Where the processes with calls keep their metrics.
    """
    try:
        return asyncio.run(_Supervisor(config, context, metrics_dir).run())
    except SipAgentError as error:
        sys.stderr.write(f"sipagent: {error}\n")
        return 1


class _Supervisor:
    def __init__(self, config: Config, context: ForkServerContext, metrics_dir: str) -> None:
        self._config, self._context, self._metrics_dir = config, context, metrics_dir
        self._manager = ServiceManager(os.environ)
        self._signals: list[signal.Signals] = []
        self._signalled = asyncio.Event()
        self._engine: EngineProcess | None = None
        self._worker: WorkerProcess | None = None
        self._attaching: Attaching | None = None
        self._plans: PlanKeeper | None = None
        self._keeper: StoreKeeper | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._audit = AuditLog(config.audit.path)
        self._is_stopping = False

    async def run(self) -> int:
        """Run; return the exit status.

        Raises:
            SipAgentError: If something cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._signal, number)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        config, context = self._config, self._context
        plans = self._plans = PlanKeeper(config, context, self._tell, self._prepare)
        api = admin_api(config, self._tell, self._now, plans, self._audit, WORKER, ATTACHED)
        if config.webhooks.secrets:
            self._attaching = Attaching(
                config,
                context,
                self._realtime_url,
                lambda: plans.source,
                self._ended,
                partial(self._heard, api, ATTACHED),
            )
        self._keeper = keeper = store_keeper(config)
        http = OpsServer(
            config.http.bind,
            config.http.port,
            self._metrics_dir,
            self._now,
            webhooks=self._attaching.webhooks if self._attaching is not None else None,
            api=api,
            collectors=[
                BoxMetrics(version("sipagent"), lambda: box_state(self._state(), os.getpid())),
                keeper.retention,
            ],
        )
        try:
            if self._attaching is not None:
                await self._attaching.open()
            await keeper.open()
            self._run(keeper.run(), "store")
            await self._audit.open()
            await http.start()
            await plans.start()
            if config.realtime.url == EMBEDDED:
                self._engine = EngineProcess(config, lambda: plans.source)
                await self._engine.start()
                self._run(self._engine.run(), "engine")
            self._worker = WorkerProcess(
                context,
                config,
                self._realtime_url,
                lambda: plans.source,
                self._ended,
                on_message=partial(self._heard, api, WORKER),
            )
            self._run(plans.run(), "plans")
            if self._attaching is not None:
                self._run(self._attaching.run(), "attached calls")
            await self._serve(self._worker, http.port)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._engine is not None:
                await self._engine.close()
            await http.close()
            await self._audit.close()
            if self._attaching is not None:
                await self._attaching.close()
            await keeper.close()
            for number in SIGNALS:  # one more of them must not make this end another
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)
            self._manager.close()
        failure = self._failure()
        if failure:
            raise SipAgentError(failure)
        return 0

    async def _serve(self, worker: WorkerProcess, http_port: int) -> None:
        self._run(worker.run(), "worker")
        await self._until_one(worker.until_ready())
        if worker.ready is not None and self._attaching is not None:
            await self._until_one(self._attaching.until_ready())
        if worker.ready is not None and not self._failure():
            text = announcement(self._config, self._state(), http_port)
            sys.stdout.write(text)
            sys.stdout.flush()
            self._manager.tell_ready(text)
            self._run(self._manager.keep_told(lambda: status_line(self._state())), "manager")
        await self._until_one(self._signalled.wait())
        self._is_stopping = True
        self._manager.tell_stopping()
        if not self._failure():
            await self._stop(worker)

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    def _reload(self) -> None:
        """SIGHUP: load the plans, whether a file looks edited or not."""
        if self._plans is not None:
            self._plans.ask()

    def _signal(self, number: signal.Signals) -> None:
        self._signals.append(number)
        self._signalled.set()

    async def _until_one(self, work: Coroutine[Any, Any, Any]) -> None:
        """Wait for ``work``, a signal, or a process that gave up."""
        loop = asyncio.get_running_loop()
        waits = [loop.create_task(each) for each in (work, self._signalled.wait())]
        await asyncio.wait([*waits, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for task in self._tasks:
            if task.done():
                await task  # raises what went wrong, unless the process itself says it

    async def _stop(self, worker: WorkerProcess) -> None:
        log.info("= draining: %s", self._signals[0].name)
        self._signalled.clear()
        processes, waited_for = [worker], [worker]
        if self._attaching is not None:
            processes.append(self._attaching.process)
            if self._config.attach.on_stop == "hang_up":
                waited_for.append(self._attaching.process)
        for process in processes:
            process.retire()
            process.send(Drain(retry_after_s=int(DRAIN_LIMIT_S)))
        loop = asyncio.get_running_loop()
        ended = loop.create_task(_until_ended(waited_for), name="drained")
        again = loop.create_task(self._signalled.wait(), name="second signal")
        await asyncio.wait(
            [ended, again], timeout=DRAIN_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
        )
        again.cancel()
        for process in processes:
            process.send(Stop())
        stopped = loop.create_task(_until_ended(processes), name="stopped")
        await asyncio.wait([stopped], timeout=STOP_LIMIT_S)
        for waiting in (ended, stopped):
            waiting.cancel()
        for process in processes:
            process.kill()

    def _failure(self) -> str:
        """Return why a process could not start, if one gave up."""
        worker = self._worker.failure if self._worker is not None else ""
        attached = self._attaching.process.failure if self._attaching is not None else ""
        return worker or attached

    def _realtime_url(self) -> str:
        return self._engine.url if self._engine is not None else self._config.realtime.url

    def _tell(self, source: Hashable, message: Message) -> None:
        """Tell the process that the API knows as ``source``."""
        attached = self._attaching.process if self._attaching is not None else None
        process = self._worker if source == WORKER else attached
        if process is not None:
            process.send(message)

    def _heard(self, api: Api, source: Hashable, message: Message) -> None:
        api.heard(source, message)
        if self._plans is not None:
            self._plans.rollout.heard(source, message)

    async def _prepare(self, plans: PlanSource) -> str:
        """Have the engine know a version's scripts; return why it does not, or ``""``."""
        return "" if self._engine is None else await self._engine.load(plans)

    def _ended(self, pid: int) -> None:
        mark_process_dead(pid, self._metrics_dir)  # type: ignore[no-untyped-call]
        if self._keeper is not None:
            self._keeper.look()

    def _now(self) -> Readiness:
        return readiness(self._state())

    def _state(self) -> State:
        return State(
            is_stopping=self._is_stopping,
            engine=self._engine,
            worker=self._worker,
            attached=self._attaching.process if self._attaching is not None else None,
            plans=self._plans.state if self._plans is not None else None,
        )


async def _until_ended(processes: Sequence[WorkerProcess]) -> None:
    for process in processes:
        await process.until_ended()
