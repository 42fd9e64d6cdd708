"""Sends the steps of a response, pausing where they say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

from sipagent.engine.checks import Json

from .writing import Pause, Step


async def paced(steps: Iterable[Step]) -> AsyncGenerator[Json]:
    """Yield the events, each when it is due."""
    for step in steps:
        if isinstance(step, Pause):
            await asyncio.sleep(step.ms / 1000)
        else:
            yield step
