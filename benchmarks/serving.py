"""Servers of benchmarks, each a process of its own, so that it costs what is measured nothing."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

START_LIMIT_S = 10


@asynccontextmanager
async def serving(module: str) -> AsyncIterator[str]:
    """Run ``module`` as a process; yield the URL that it prints."""
    process = await create_subprocess_exec(sys.executable, "-m", module, stdout=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_LIMIT_S):
            url = (await process.stdout.readline()).decode().strip()
        yield url
    finally:
        process.terminate()
        await process.wait()
