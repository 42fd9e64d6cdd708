"""The processes with calls as they are, but that they look once an hour whether calls are over."""

from __future__ import annotations

from multiprocessing.connection import Connection

from sipagent import attacher, worker
from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource

HOUR_S = 3_600.0


def works(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be a worker."""
    worker.HEARTBEAT_S = HOUR_S
    worker.run_worker(config, url, plans, connection)


def attaches(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be the process of attached calls."""
    attacher.HEARTBEAT_S = HOUR_S
    attacher.run_attacher(config, url, plans, connection)
