"""What small workers do instead of telephony; each runs in a forked process of its own.

What the URL was, and who it is, a worker tells in the numbers of ``Ready``.
"""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection

from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.ops.channel import Failed, Heartbeat, Ready, Stop

BEAT_S = 0.1
SLOW_START_S = 0.4


def starts(url: str, connection: Connection) -> None:
    """Say that it is ready."""
    connection.send(Ready(sip_port=os.getpid(), call_limit=4, plans=int(url)))


def works(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be ready, and end when told to, or with a note when nobody is there any more."""
    starts(url, connection)
    try:
        while not isinstance(connection.recv(), Stop):
            pass
    except EOFError:
        config.cdr.path.write_text("nobody is there any more")


def starts_slowly(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be ready only after a while."""
    time.sleep(SLOW_START_S)
    works(config, url, plans, connection)


def beats(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be ready, and say so again and again, one more call each time."""
    starts(url, connection)
    calls = 0
    while not connection.poll():
        calls += 1
        connection.send(Heartbeat(calls, 4, is_draining=False))
        time.sleep(BEAT_S)


def dies(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be ready, then crash."""
    starts(url, connection)
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be ready, then say nothing and hear nothing, not even SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    starts(url, connection)
    while True:
        signal.pause()


def hangs_at_start(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Say nothing from the beginning."""
    while True:
        signal.pause()


def fails(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Say why it cannot start."""
    connection.send(Failed(f"no {url} today"))


def fails_second(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Be ready and end, then fail, then work: files broken by one edit, repaired by the next.

    The URL tells the times apart.
    """
    match url:
        case "1":
            starts(url, connection)
        case "2":
            fails(config, url, plans, connection)
        case _:
            works(config, url, plans, connection)


def listens(config: Config, url: str, plans: PlanSource, connection: Connection) -> None:
    """Listen where it is told to, or else where nobody did before, until told to end."""
    connection.send(Ready(config.sip.port or 7000 + int(url), call_limit=4, plans=int(url)))
    while not isinstance(connection.recv(), Stop):
        pass
