"""The program as a process of its own, as somebody at a terminal has it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | {
    "PYTHONPATH": str(ROOT)
}
"""As it is for who has set nothing that hurries Python's output."""


class Ended(NamedTuple):
    """How a program ended, and everything it said."""

    status: int
    output: list[str]
    errors: list[str]


class Program:
    """A running program."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        """Wait for a line of output; empty at the end."""
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def end(self) -> Ended:
        """Wait until it has ended; what was read already is not in its output."""
        output, errors = await self._process.communicate()
        assert self._process.returncode is not None
        lines = output.decode().splitlines(), errors.decode().splitlines()
        return Ended(self._process.returncode, *lines)


@asynccontextmanager
async def program(
    *arguments: str, cwd: Path = ROOT, pass_fds: tuple[int, ...] = ()
) -> AsyncIterator[Program]:
    """Run ``sipagent`` with ``arguments``; it is gone at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sipagent", *arguments),
        cwd=cwd,
        pass_fds=pass_fds,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(*arguments: str, cwd: Path = ROOT) -> Ended:
    """Run ``sipagent`` with ``arguments`` to its end."""
    async with program(*arguments, cwd=cwd) as running:
        return await running.end()
