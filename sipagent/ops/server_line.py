"""The connection of one thread to a database server, for another that will not wait for it.

TCP notices a server that is gone, and not one that is there and silent: its kernel goes on to
acknowledge while it is paused, or its disk hangs. libpq has no limit for that.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, event


class ServerLine:
    """The newest connection of ``engine``, which one thread uses; a file has none."""

    def __init__(self, engine: Engine) -> None:
        self._connection: Any = None
        self._refusal = engine.dialect.loaded_dbapi.Error
        if engine.dialect.name != "sqlite":
            event.listen(engine, "connect", self._connected)

    def break_off(self) -> None:
        """End what the thread waits for: to it, the server is gone. Any thread; never waits."""
        if self._connection is None:
            return
        with (
            suppress(OSError, self._refusal),  # it is closed by now
            socket.socket(fileno=os.dup(self._connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)

    def _connected(self, connection: Any, _: object) -> None:
        self._connection = connection
