"""``sipagent engine``: the embedded realtime server alone, with or without a telephone.

By hand, it says on standard output where it listens. A process that starts it gives it a pipe for
its ports instead, and a socket by which it asks for other versions of the scripts.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sipagent.engine.server import PATH, Connector, run_engine
from sipagent.engine.settings import EngineSettings
from sipagent.ops.clock import unix_time
from sipagent.urls import host_in_url

if TYPE_CHECKING:
    from sipagent.connector.settings import ConnectorSettings

log = logging.getLogger(__name__)

NO_FD = -1
"""Of a pipe or socket that nobody gave."""


async def serve_engine(
    settings: EngineSettings,
    phone: ConnectorSettings | None,
    *,
    ready_fd: int = NO_FD,
    orders_fd: int = NO_FD,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: Where it listens, and with what.
        phone: Where it answers SIP; None: nowhere.
        ready_fd: A pipe that is told the ports, and closed.
        orders_fd: A socket by which other versions of the scripts are asked for.

    Raises:
        EngineError: If a script is broken, a part does not start or a port is busy.
        SipStartError: If SIP cannot be listened to.
    """
    answering: Connector | None = None
    sip_ports: list[int] = []
    if phone is not None:
        from sipagent.connector import connector  # noqa: PLC0415  loads PJSIP

        answering = connector.connector(phone, wall_clock=unix_time, on_listening=sip_ports.append)

    def tell(port: int) -> None:
        ports = [port, *sip_ports]
        if ready_fd == NO_FD:
            sys.stdout.write(ready_line(settings.host, ports, phone) + "\n")
        else:
            os.write(ready_fd, " ".join(map(str, ports)).encode() + b"\n")
            os.close(ready_fd)

    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await run_engine(
            settings,
            clock=unix_time,
            on_ready=tell,
            connector=answering,
            orders=None if orders_fd == NO_FD else socket.socket(fileno=orders_fd),
        )
    except asyncio.CancelledError:
        log.info("= engine ended")


def ready_line(host: str, ports: Sequence[int], phone: ConnectorSettings | None) -> str:
    """Return what is said once it listens.

    Args:
        host: That it listens on.
        ports: Of sessions, and of SIP if there is a phone.
        phone: Where it answers SIP.
    """
    line = f"engine: ws://{host_in_url(host)}:{ports[0]}{PATH}"
    if phone is not None:
        line += f" ; SIP on {phone.bind}:{ports[1]}, webhooks to {phone.shown_url}"
    return line
