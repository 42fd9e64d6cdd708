"""A worker process, seen from the supervisor: forked from a server, see ``forks``."""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.loading import loading
from sipagent.ops.channel import Channel, Closed, Failed, Heartbeat, Message, Ready

from .restarts import RestartPolicy
from .silence import Silence

log = logging.getLogger(__name__)

START_LIMIT_S = 60.0
SILENCE_LIMIT_S = 10.0
"""A worker whose loop says nothing for this long hangs; its calls are lost, so it is killed."""


def worker_main(
    config: Config, realtime_url: str, plans: PlanSource, connection: Connection
) -> None:
    """Run in the worker: load telephony there, and only there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor: calls are drained
    with loading():
        worker = importlib.import_module("sipagent.worker")
    worker.run_worker(config, realtime_url, plans, connection)


def attacher_main(
    config: Config, realtime_url: str, plans: PlanSource, connection: Connection
) -> None:
    """Run in the process of attached calls."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with loading():
        attacher = importlib.import_module("sipagent.attacher")
    attacher.run_attacher(config, realtime_url, plans, connection)


class WorkerProcess:
    """Keep one worker running.

    Args:
        context: Of :func:`~sipagent.supervisor.forks.fork_server`.
        config: Of the appliance.
        realtime_url: Asked at each start.
        plans: Asked at each start: the version to begin with.
        on_exit: Called with the pid of each process that ended.
        main: What the process runs.
        name: What it is called in the log.
        on_message: Called with all it says; ``Closed`` when it ended, maybe twice.
        silence_limit_s: How long a started one may say nothing.
    """

    def __init__(
        self,
        context: ForkServerContext,
        config: Config,
        realtime_url: Callable[[], str],
        plans: Callable[[], PlanSource],
        on_exit: Callable[[int], None],
        *,
        main: Callable[[Config, str, PlanSource, Connection], None] = worker_main,
        name: str = "worker",
        on_message: Callable[[Message], None] = lambda _: None,
        silence_limit_s: float = SILENCE_LIMIT_S,
    ) -> None:
        self._context, self._config = context, config
        self._realtime_url, self._plans = realtime_url, plans
        self._on_exit, self._main, self.name = on_exit, main, name
        self._on_message, self._silence_limit_s = on_message, silence_limit_s
        self._now = asyncio.get_running_loop().time
        self._process: ForkServerProcess | None = None
        self._channel: Channel | None = None
        self._silence: Silence
        self._is_gone = asyncio.Event()
        self._is_ready = asyncio.Event()
        self._has_been_ready = self._is_retired = False
        self.ready: Ready | None = None
        self.restarts = 0
        self.failure = ""
        """Why it could not start the last time, if it said so."""
        self.heartbeat: Heartbeat | None = None

    async def run(self) -> None:
        """Start it, and start it again whenever it ends, until cancelled, retired or hopeless.

        Hopeless is one that cannot start and never could; one that once could finds its files
        broken by an edit, which the next edit repairs.
        """
        policy = RestartPolicy()
        while True:
            policy.started(now=self._now())
            await self._run_once()
            if self._is_retired:
                return
            if self.failure and not self._has_been_ready:
                return
            delay_s = policy.ended(now=self._now())
            self.restarts += 1
            why = self.failure or "ended"
            log.error("! %s %s; starting again in %g s", self.name, why, delay_s)
            self.failure = ""
            await asyncio.sleep(delay_s)

    @property
    def pid(self) -> int | None:
        """Of the process, None while there is none."""
        return self._process.pid if self._process is not None else None

    async def until_ready(self) -> None:
        """Wait until it takes calls."""
        await self._is_ready.wait()

    def retire(self) -> None:
        """Start no other when it ends."""
        self._is_retired = True

    def send(self, message: Message) -> None:
        """Tell the worker something."""
        if self._channel is not None:
            self._channel.send(message)

    async def until_ended(self) -> None:
        """Wait until the process is gone."""
        await self._is_gone.wait()

    def kill(self) -> None:
        """End it now."""
        if self._process is not None and self._process.is_alive():
            self._process.kill()

    async def _run_once(self) -> None:
        ours, theirs = self._context.Pipe()
        self.ready = self.heartbeat = None
        self._is_gone.clear()
        silence = self._silence = Silence(
            start_limit_s=START_LIMIT_S, limit_s=self._silence_limit_s, now=self._now()
        )
        process = self._context.Process(
            target=self._main,
            args=(self._config, self._realtime_url(), self._plans(), theirs),
            name=self.name,
        )
        try:
            process.start()
        except OSError as error:  # no memory, or no room for a process; there may be soon
            ours.close()
            self.failure = f"cannot be started: {error.strerror or type(error).__name__}"
            self._is_gone.set()
            return
        finally:
            theirs.close()
        self._process, self._channel = process, Channel(ours, self._heard)
        try:
            while not self._is_gone.is_set():
                try:
                    async with asyncio.timeout_at(silence.look_again_at(now=self._now())):
                        await self._is_gone.wait()
                except TimeoutError:
                    if silence.is_too_long(now=self._now()):
                        log.error("! %s %d says nothing; killed", self.name, process.pid)
                        self.kill()
                        break
        finally:
            self.ready = None
            self._is_ready.clear()
            self._channel.close()
            await asyncio.to_thread(process.join, 5)
            if process.is_alive():
                process.kill()
                await asyncio.to_thread(process.join)
            self._is_gone.set()
            self._on_message(Closed())  # one that was killed could not say so
            self._on_exit(process.pid or 0)
            process.close()
            self._process = None

    def _keep_port(self, port: int) -> None:
        """Let the next one listen where this one does, if the port was its choice."""
        if port and not self._config.sip.port:
            sip = self._config.sip.model_copy(update={"port": port})
            self._config = self._config.model_copy(update={"sip": sip})

    def _heard(self, message: Message) -> None:
        self._on_message(message)
        match message:
            case Ready():
                self.ready = message
                self._keep_port(message.sip_port)
                self._has_been_ready = True
                self._is_ready.set()
            case Failed(text):
                self.failure = text
            case Heartbeat():
                self.heartbeat = message
            case Closed():
                self._is_gone.set()
            case _:
                pass
        self._silence.heard(is_ready=self.ready is not None, now=self._now())
