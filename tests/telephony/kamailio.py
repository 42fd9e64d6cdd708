"""Kamailio as registrar and proxy: an account ``<user>`` has the password ``secret of <user>``."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from .certificates import Certificate

CONFIG = Path(__file__).with_name("kamailio.cfg")
PROGRAM = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")

needs_kamailio = pytest.mark.skipif(PROGRAM is None, reason="kamailio is not installed")
needs_kamailio_tls = pytest.mark.skipif(
    not any(Path("/usr").glob("lib*/**/kamailio/modules/tls.so")),
    reason="kamailio-tls-modules is not installed",
)

LOOK_AGAIN_S = 0.02


class Kamailio:
    """One that may be stopped and started again on its port.

    Args:
        folder: For its files.
        far: URI of whom accounts call, whatever they dial.
        algorithm: Of its challenges: ``MD5`` or ``SHA-256``.
        max_expires_s: Longest registration it grants.
        certificate: What it shows over TLS; without one it speaks none.
    """

    def __init__(
        self,
        folder: Path,
        far: str,
        algorithm: str,
        max_expires_s: int,
        certificate: Certificate | None,
    ) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self._folder = folder
        self._file = folder / "kamailio.cfg"
        values = {
            "PORT": self.port,
            "FAR": far,
            "ALGORITHM": algorithm,
            "MAX_EXPIRES": max_expires_s,
            "TLS_PORT": self.tls_port,
            "CERTIFICATE": certificate.certificate if certificate else "",
            "KEY": certificate.key if certificate else "",
        }
        self._defines = ("-A", "WITH_TLS") if certificate else ()
        text = CONFIG.read_text()
        for name, value in values.items():
            text = text.replace(f"@@{name}@@", str(value))
        self._file.write_text(text)
        self._process: asyncio.subprocess.Process | None = None

    def uri(self, transport: str) -> str:
        """Return where it is reached by ``transport``."""
        port = self.tls_port if transport == "tls" else self.port
        return f"sip:127.0.0.1:{port};transport={transport}"

    async def start(self) -> None:
        """Start it; return once it answers."""
        with (self._folder / "kamailio.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(PROGRAM or "", "-DD", "-E", "-m", "16", "-M", "4", "-f", str(self._file)),
                *("-Y", str(self._folder), "-P", str(self._folder / "pid"), *self._defines),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await asyncio.to_thread(self._until_it_answers)

    async def stop(self) -> None:
        """End it, with the processes it started; safe twice."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # asked kindly, it may take seconds
            await process.wait()

    def _until_it_answers(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind(("127.0.0.1", 0))
            asking.settimeout(LOOK_AGAIN_S)
            own = asking.getsockname()[1]
            options = (
                f"OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK1"
                f"\r\nFrom: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {own}\r\n"
                "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            )
            for _ in range(500):
                try:
                    asking.sendto(options.encode(), ("127.0.0.1", self.port))
                    asking.recv(4_000)
                    return
                except OSError:  # nobody there yet
                    pass
        raise AssertionError((self._folder / "kamailio.log").read_text()[-2_000:])


@asynccontextmanager
async def kamailio(
    folder: Path,
    *,
    far: str = "sip:127.0.0.1:9",
    algorithm: str = "MD5",
    max_expires_s: int = 3_600,
    certificate: Certificate | None = None,
) -> AsyncIterator[Kamailio]:
    """Run one until the end of the block."""
    running = Kamailio(folder, far, algorithm, max_expires_s, certificate)
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


def account(port: int, **settings: Any) -> dict[str, Any]:
    """Return a trunk that registers at a registrar on ``port``."""
    defaults = {
        "name": "provider",
        "registrar": f"sip:127.0.0.1:{port}",
        "user": "trunk1",
        "password": "secret of trunk1",
        "register": True,
    }
    return defaults | settings


def free_port() -> int:
    """Return a port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            port = int(udp.getsockname()[1])
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
                try:
                    tcp.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
