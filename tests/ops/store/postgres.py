"""A PostgreSQL server from Debian, started by the tests in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from sqlalchemy import create_engine

from benchmarks.processes import descendants

LIMIT_S = 30


def programs() -> Path | None:
    """Return the folder of the newest server's programs, None if there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _as_nobody(folder: Path) -> list[str]:
    """Return what makes a command run as somebody who is not root, which PostgreSQL refuses."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class PostgresServer:
    """A server on a free port; nothing it does needs to outlive the test."""

    def __init__(self, bin_dir: Path) -> None:
        self._bin = bin_dir
        self.folder = Path(tempfile.mkdtemp(prefix="sipagent-pg-"))
        self._as_nobody = _as_nobody(self.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._databases = 0
        data = str(self.folder / "data")
        quick = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]
        self._run([str(self._bin / "initdb"), *quick, "-D", data])
        self._ctl = [str(self._bin / "pg_ctl"), "-D", data, "-w", "-s"]

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += f" -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log.txt")
        self._run([*self._ctl, "start", "-l", log, "-o", options])

    def stop(self) -> None:
        """End it at once; whoever is connected is cut off."""
        self._run([*self._ctl, "stop", "-m", "immediate"])

    def freeze(self) -> None:
        """Stop it in its tracks: who is connected stays so, and hears nothing."""
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._tell_all(signal.SIGCONT)

    def _tell_all(self, what: signal.Signals) -> None:
        pid_file = self.folder / "data" / "postmaster.pid"
        postmaster = int(pid_file.read_text().split()[0])
        for pid in (postmaster, *descendants(postmaster)):
            with suppress(ProcessLookupError):  # that of a connection that has just ended
                os.kill(pid, what)

    def new_database(self) -> str:
        """Return the URL of an empty database."""
        self._databases += 1
        name = f"test_{self._databases}"
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return self._url(name)

    def remove(self) -> None:
        """End it if it runs, and forget all."""
        subprocess.run([*self._as_nobody, *self._ctl, "stop", "-m", "immediate"], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            [*self._as_nobody, *command],
            check=False,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, command
