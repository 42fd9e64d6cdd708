"""Waiting for what no event tells of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK_AGAIN_S = 0.01
LIMIT_S = 30.0


async def until(holds: Callable[[], bool]) -> None:
    """Look again and again until it holds.

    Raises:
        TimeoutError: If it never does.
    """
    async with asyncio.timeout(LIMIT_S):
        while not holds():
            await asyncio.sleep(LOOK_AGAIN_S)
