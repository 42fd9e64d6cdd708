"""What a process still holds when its last call is over: nothing more than before its first.

Looked at when a worker ends by itself; what is found is logged as our bug, and tests look for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from sipagent.sip.endpoint import SipEndpoint

log = logging.getLogger(__name__)

THE_PEERS = frozenset({"transports"})
"""A TCP connection stays as long as the peer wants it."""

LIMIT_S, LOOK_AGAIN_S = 0.5, 0.02
"""The conference drops its ports at its next tick, on a thread of its own."""


class Leftovers:
    """Compare what is held without calls, early and late.

    Args:
        sip: Started.
    """

    def __init__(self, sip: SipEndpoint) -> None:
        self._sip = sip
        self._idle: Counter[str] = Counter()

    async def begin(self) -> None:
        """Note what is held before the first call."""
        self._idle = await self._held()

    async def report(self) -> dict[str, int]:
        """Return what is still held more than then; log it."""
        deadline = asyncio.get_running_loop().time() + LIMIT_S
        while left := dict(await self._held() - self._idle):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        if left:
            log.error("! left behind by calls that are over: %s", left)
        return left

    async def _held(self) -> Counter[str]:
        inventory = await self._sip.inventory()
        held = Counter({name: n for name, n in inventory.items() if name not in THE_PEERS})
        held.update(f"task {task.get_name()}" for task in asyncio.all_tasks())
        return held
