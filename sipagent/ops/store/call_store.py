"""The store, for a process with calls: who is told of them, and who writes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from sipagent.ops.clock import unix_time
from sipagent.ops.records import BeginningOf, nothing_before
from sipagent.ops.settings import StoreSettings

from .costs import Price
from .observer import StoreObserver
from .owner import box_name, this_process
from .spool import SUFFIX
from .writer import StoreWriter


class CallStore:
    """The share that this process has in the store.

    Args:
        settings: Of the store.
        prices: By model.
        model: Of the endpoint.
        beginning_of: Returns what a process before this one had written of a call.
    """

    def __init__(
        self,
        settings: StoreSettings,
        prices: Mapping[str, Price],
        model: str,
        *,
        beginning_of: BeginningOf = nothing_before,
    ) -> None:
        owner = this_process(box_name(settings.box, settings.url))
        spool = Path(settings.spool) / f"{owner.process}{SUFFIX}"
        self._writer = StoreWriter(settings.url, spool)
        self.observer = StoreObserver(
            self._writer, owner, prices, model, unix_time, beginning_of=beginning_of
        )

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    async def close(self) -> None:
        """Write, or spool, what waits; off the loop."""
        await asyncio.to_thread(self._writer.close)
