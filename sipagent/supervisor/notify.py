"""What the service manager is told: ready, stopping, still alive, and how things are.

The protocol of sd_notify(3): one datagram per message to the socket that ``NOTIFY_SOCKET`` names.
Without the variable nobody is told. ``WATCHDOG_USEC`` says how long the manager waits between
signs of life; they are sent from the supervisor's loop, so that a loop that hangs sends none.

| resource | acquired   | released | on failure                  |
|----------|------------|----------|-----------------------------|
| socket   | ``__init__`` | ``close``| nobody is told, and no more |
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

SOCKET_VARIABLE = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE = "WATCHDOG_USEC"
WATCHDOG_PID_VARIABLE = "WATCHDOG_PID"

STATUS_EVERY_S = 5.0
"""How often the status is told, if it has changed."""


class ServiceManager:
    """Tell the service manager, if there is one.

    Args:
        environment: Names the socket, and how often a sign of life is wanted.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket: socket.socket | None = None
        address = environment.get(SOCKET_VARIABLE, "")
        if address[:1] in {"/", "@"}:
            self._address = "\0" + address[1:] if address.startswith("@") else address
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self.alive_every_s = _alive_every_s(environment) if self._socket is not None else None
        """How often ``tell_alive`` is due; None: never."""

    def tell_ready(self, status: str) -> None:
        """Say that calls are taken."""
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def tell_status(self, status: str) -> None:
        """Say how things are, in a line."""
        self._send(f"STATUS={_line(status)}")

    def tell_stopping(self) -> None:
        """Say that no more calls are taken."""
        self._send("STOPPING=1\nSTATUS=draining")

    def tell_alive(self) -> None:
        """Give a sign of life."""
        self._send("WATCHDOG=1")

    async def keep_told(self, status: Callable[[], str]) -> None:
        """Give signs of life, and tell what ``status`` returns, until cancelled."""
        told = ""
        while True:
            self.tell_alive()
            if (text := status()) != told:
                told = text
                self.tell_status(text)
            await asyncio.sleep(min(self.alive_every_s or STATUS_EVERY_S, STATUS_EVERY_S))

    def close(self) -> None:
        """Tell no more; safe twice."""
        told, self._socket = self._socket, None
        if told is not None:
            told.close()

    def _send(self, message: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError as error:
            log.warning("! the service manager was not told: %s", error.strerror)


def _alive_every_s(environment: Mapping[str, str]) -> float | None:
    """Return half of what the manager waits (sd_watchdog_enabled(3)), None if it does not."""
    text = environment.get(WATCHDOG_VARIABLE, "")
    wanted_of = environment.get(WATCHDOG_PID_VARIABLE, "")
    if not text.isdecimal() or int(text) == 0 or wanted_of not in {"", str(os.getpid())}:
        return None
    return int(text) / 2_000_000


def _line(text: str) -> str:
    return " ".join(text.split())
