"""The system under test: ``sipagent serve`` as a process, told to speak to our stand-in."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sipagent.audio.tones import tone
from sipagent.audio.wav import WavWriter

from .processes import descendants, owner_of_udp_port
from .rtp import Address
from .user_agent import UserAgent

ROOT = Path(__file__).parent.parent
SERVE = (sys.executable, "-m", "sipagent", "serve", "-c")

START_LIMIT_S = 20.0
STOP_LIMIT_S = 15.0
LOOK_AGAIN_S = 0.1

CONFIG = """\
[sip]
bind = "127.0.0.1"
port = {sip_port}
codecs = {codecs}

[realtime]
url = "{url}"

[dialplans]
path = "{plans}"

[http]
port = {http_port}
"""

PLAN = """\
name = "bench"

[session]
apology_wav = "apology.wav"

[[agents]]
name = "Bench"
instructions = "Say nothing unless told to."
"""


class NotReady(Exception):
    """The appliance did not come up; a note has the end of what it wrote."""


@dataclass(frozen=True, slots=True)
class Appliance:
    """A running ``sipagent serve``."""

    target: Address
    """Where it takes calls."""
    worker: int
    """Process that has the SIP port."""
    http_port: int


@asynccontextmanager
async def serving(url: str, folder: Path, *, codecs: Sequence[str]) -> AsyncIterator[Appliance]:
    """Run the appliance in ``folder`` while the context lasts.

    Args:
        url: Of the realtime endpoint.
        folder: For configuration, plan and whatever it writes.
        codecs: Offered and taken.

    Raises:
        NotReady: If it does not answer OPTIONS with 200 in time.
    """
    target = ("127.0.0.1", _free_port(socket.SOCK_DGRAM))
    http_port = _free_port(socket.SOCK_STREAM)
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *SERVE,
            str(_configure(folder, url, target[1], http_port, codecs)),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        try:
            async with asyncio.timeout(START_LIMIT_S):
                worker = await _worker(process, target)
        except TimeoutError:
            raise NotReady(f"not ready in {START_LIMIT_S:g} s") from None
        if worker is None:
            raise NotReady(f"exit status {process.returncode}")
        yield Appliance(target, worker, http_port)
    except Exception as error:
        error.add_note(_tail(log))
        raise
    finally:
        await _stop(process)


async def _worker(process: asyncio.subprocess.Process, target: Address) -> int | None:
    """Wait until calls are taken; return by which process, or None if all has ended."""
    agent = UserAgent(target)
    await agent.open()
    try:
        while process.returncode is None:
            try:
                async with asyncio.timeout(1.0):
                    is_taking = await agent.options() == 200
            except TimeoutError:
                continue
            among = [process.pid, *descendants(process.pid)]
            worker = owner_of_udp_port(target[1], among)
            if is_taking and worker is not None:
                return worker
            await asyncio.sleep(LOOK_AGAIN_S)
        return None
    finally:
        agent.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_LIMIT_S):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)  # its own group: start_new_session
        await process.wait()


def _configure(
    folder: Path, url: str, sip_port: int, http_port: int, codecs: Sequence[str]
) -> Path:
    plans = folder / "plans"
    plans.mkdir(exist_ok=True)
    (plans / "bench.toml").write_text(PLAN)
    apology = WavWriter(plans / "apology.wav", 8_000, 1)
    apology.write(tone(440, 500, 8_000))
    apology.close()
    config = folder / "bench.toml"
    values = {"sip_port": sip_port, "url": url, "plans": plans, "http_port": http_port}
    config.write_text(CONFIG.format(codecs=list(codecs), **values))
    return config


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
