"""The audit log: every request that was to change something, who made it, what came of it.

One line of JSON each, in ASCII, so that nothing which somebody wrote is a line of its own anywhere.
The last ones are kept at hand for the API; after a start they come from the file.

| resource | acquired   | released | on failure                                            |
|----------|------------|----------|-------------------------------------------------------|
| thread   | first line | `close`  | -                                                     |
| file     | each line  | at once  | the line is lost, logged and counted; requests go on  |
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from .json_lines import append_line

AT_HAND = 1_000
READ_BYTES = 1_000_000
"""Of the end of the file, at the start."""


class AuditLog:
    """Write the audit log.

    Args:
        path: Of its file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: deque[dict[str, Any]] = deque(maxlen=AT_HAND)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit")

    async def open(self) -> None:
        """Read what was written before; what cannot be read is as if it had not been."""
        loop = asyncio.get_running_loop()
        self._last.extend(await loop.run_in_executor(self._thread, _read, self._path))

    def write(self, entry: dict[str, Any]) -> None:
        """Write an entry, without waiting for it."""
        self._last.append(entry)
        self._thread.submit(append_line, self._path, entry, in_ascii=True)

    def last(self, count: int) -> list[dict[str, Any]]:
        """Return the last entries, newest first."""
        return list(islice(reversed(self._last), count))

    async def close(self) -> None:
        """Wait until all is written; safe twice."""
        await asyncio.to_thread(self._thread.shutdown)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - READ_BYTES))
            lines = file.read().split(b"\n")
    except OSError:
        return []
    return list(_entries(lines if size <= READ_BYTES else lines[1:]))


def _entries(lines: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
