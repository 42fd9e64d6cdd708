"""How late a loop is to do what is due: what makes every call of a process slow at once."""

from __future__ import annotations

import asyncio

from prometheus_client import Histogram

LAG = Histogram(
    "sipagent_loop_lag_seconds",
    "By how much the loop of a process with calls was late.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
)


async def sleep_measured(seconds: float) -> None:
    """Sleep, and count by how much it was too long."""
    now = asyncio.get_running_loop().time
    due = now() + seconds
    await asyncio.sleep(seconds)
    LAG.observe(max(0.0, now() - due))
