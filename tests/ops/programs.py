"""Programs that stand for other processes, and what they and a test tell each other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def program(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module of these tests, such as ``store_processes``; kill it if it does not end."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.ops.{module}", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def line(running: asyncio.subprocess.Process) -> str:
    """Return the next line it says."""
    assert running.stdout is not None
    return (await running.stdout.readline()).decode().strip()
