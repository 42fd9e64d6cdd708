"""Watches the files of the plans.

The system tells of most edits at once, and of some never: on network shares, where a folder is
replaced, where a key lies elsewhere. So the files are also looked at now and then, and it is their
stamps that decide whether there was an edit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from watchfiles import awatch

from sipagent.dialplan.copies import Listing, listing

log = logging.getLogger(__name__)

logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change

QUIET_MS = 100
"""Editors write, rename and write again: an edit is over when nothing happened for so long."""

LONGEST_MS = 1_000
"""Somebody who never stops writing is not waited for any longer."""

LOOK_S = 2.0
"""How often files are looked at that nobody told of."""


class PlanWatch:
    """Wait for edits.

    Args:
        folder: Of the plans.
        others: Returns further files that have a part in them.
    """

    def __init__(self, folder: Path, others: Callable[[], tuple[Path, ...]]) -> None:
        self._folder, self._others = folder, others
        self._seen: Listing = {}
        self._told = asyncio.Event()
        self._inode = 0
        self._replaced = asyncio.Event()

    async def look(self) -> bool:
        """Tell whether the files are others than at the last look."""
        now = await asyncio.to_thread(listing, self._folder, self._others())
        is_changed, self._seen = now != self._seen, now
        if _inode_of(self._folder) != self._inode:
            self._replaced.set()  # what is listened to is not what is there
        return is_changed

    async def is_edited(self) -> bool:
        """Tell whether the next look will find an edit."""
        return await asyncio.to_thread(listing, self._folder, self._others()) != self._seen

    def wake(self) -> None:
        """Look now."""
        self._told.set()

    async def changed(self, *, or_if: Callable[[], bool]) -> None:
        """Wait until the files are others than at the last look, or for another reason."""
        while not await self.look() and not or_if():
            self._told.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._told.wait()
            except TimeoutError:
                pass

    async def run(self) -> None:
        """Listen to the system, until cancelled; without it, edits are only noticed later."""
        while True:
            self._replaced.clear()
            self._inode = _inode_of(self._folder)
            try:
                async for _ in awatch(
                    self._folder,
                    watch_filter=None,
                    step=QUIET_MS,
                    debounce=LONGEST_MS,
                    stop_event=self._replaced,
                    ignore_permission_denied=True,
                ):
                    self._told.set()
            except* (OSError, RuntimeError) as errors:
                # No such folder now, no watches left, or a file whose name is no UTF-8.
                log.debug("files are looked at every %g s: %s", LOOK_S, errors.exceptions)
                self._told.set()
                await asyncio.sleep(LOOK_S)


def _inode_of(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except OSError:
        return 0
