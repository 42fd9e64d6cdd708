"""Where writes wait while the database is away: a file of JSON lines, one for each process.

What a crash cut off in mid-line is left out when it is read. One thread.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path

from .writes import Write, read_line, write_line

SUFFIX = ".jsonl"


class Spool:
    """The file of one process; it is there only while something waits in it.

    Args:
        path: Its folder is made when it is needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_to = 0
        self._is_torn = False

    @property
    def size_bytes(self) -> int:
        """How much waits in it."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def append(self, writes: Sequence[Write]) -> None:
        """Add all of ``writes``, or none.

        Raises:
            OSError: If they could not be; nothing of them is there then.
        """
        lines = b"".join(map(write_line, writes))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            before = os.fstat(descriptor).st_size
            if self._is_torn:
                lines = b"\n" + lines
            try:
                if os.write(descriptor, lines) != len(lines):
                    raise OSError("the disk is full")
                os.fsync(descriptor)
            except OSError:
                self._is_torn = True  # unless what follows can be done
                os.ftruncate(descriptor, before)
                self._is_torn = False
                raise
            self._is_torn = False
        finally:
            os.close(descriptor)

    def batches(self, most: int) -> Generator[list[Write], None, None]:
        """Yield what waits, oldest first, from where the last reader left off.

        A batch counts as read when the next one is asked for.

        Raises:
            OSError: If it cannot be read.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._read_to)
            batch: list[Write] = []
            for line in iter(file.readline, b""):
                if (write := read_line(line)) is not None:
                    batch.append(write)
                if len(batch) >= most:
                    yield batch
                    self._read_to, batch = file.tell(), []
            if batch:
                yield batch
            self._read_to = file.tell()

    def clear(self) -> None:
        """Forget all; for when everything was read.

        Raises:
            OSError: If the file stays; it is not read again.
        """
        self.path.unlink(missing_ok=True)
        self._read_to = 0
