"""Attached calls, seen from the supervisor: webhooks come in here, a process of its own works.

What a webhook says is in the journal before it is answered, so that neither a crash of the process
nor of the supervisor loses a call.

| resource | acquired   | released  | on failure                                               |
|----------|------------|-----------|----------------------------------------------------------|
| journal  | ``open``   | ``close`` | webhooks are answered with 503, so that they come again  |
| process  | ``run``    | ``run``   | restarted with back-off, unless it never could start     |
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.context import ForkServerContext

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.ops.attach_store import AttachStore
from sipagent.ops.channel import Look, Message
from sipagent.ops.clock import unix_time
from sipagent.ops.webhooks import WebhookDesk, WebhookLimits

from .worker_process import WorkerProcess, attacher_main


class Attaching:
    """Take webhooks, and keep the process that attaches to their calls.

    Args:
        config: Of the appliance; it has webhook secrets.
        context: Of the fork server.
        realtime_url: Asked at each start of the process.
        plans: The same.
        on_exit: Called with the pid of each process that ended.
        on_message: Called with all the process says.
    """

    def __init__(
        self,
        config: Config,
        context: ForkServerContext,
        realtime_url: Callable[[], str],
        plans: Callable[[], PlanSource],
        on_exit: Callable[[int], None],
        on_message: Callable[[Message], None],
    ) -> None:
        self._journal = AttachStore(config.store.url)
        self.process = WorkerProcess(
            context,
            config,
            realtime_url,
            plans,
            on_exit,
            main=attacher_main,
            name="attached calls",
            on_message=on_message,
        )
        self.webhooks = WebhookDesk(
            [secret.get_secret_value() for secret in config.webhooks.secrets],
            self._journal,
            wall_clock=unix_time,
            on_call=lambda: self.process.send(Look()),
            limits=WebhookLimits(max_per_second=config.webhooks.max_per_second),
        )

    async def open(self) -> None:
        """Open the journal.

        Raises:
            JournalError: If it cannot be opened.
        """
        await self._journal.open()

    async def run(self) -> None:
        """Keep the process running, until cancelled or hopeless."""
        await self.process.run()

    async def until_ready(self) -> None:
        """Wait until calls are taken."""
        await self.process.until_ready()

    async def close(self) -> None:
        """Close the journal."""
        await self._journal.close()
