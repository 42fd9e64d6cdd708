"""Appending JSON lines to a file that several processes share.

Each line is one write to a file opened for appending, so that lines never mix; after one that was
cut off the next begins on a line of its own. A full disk or an unwritable folder loses the line, is
logged and counted, and is nobody else's trouble.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import Counter

log = logging.getLogger(__name__)

LOST = Counter("sipagent_records_lost", "Lines of records or timelines that could not be written.")


def append_line(path: Path, content: dict[str, Any], *, in_ascii: bool = False) -> bool:
    """Append ``content``; return whether it was written.

    Args:
        path: Of the file.
        content: Of the line.
        in_ascii: Whether everything else is escaped, so that no program takes any of it for the
            end of a line, or for an order to a terminal.
    """
    try:
        line = (_in_ascii(content) if in_ascii else _in_utf8(content)) + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # or a line that is being written looks torn
            line = b"\n" + line if _is_torn(descriptor) else line
            if os.write(descriptor, line) != len(line):
                raise OSError("the disk is full")
        finally:
            os.close(descriptor)
    except OSError as error:
        LOST.inc()
        log.error("! a line of %s is lost: %s", path, error)
        return False
    return True


def _is_torn(descriptor: int) -> bool:
    """Tell whether the last line has no end, since the disk was full or the machine stopped."""
    try:
        size = os.fstat(descriptor).st_size
        return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    except OSError:  # no file, such as a pipe
        return False


def _in_utf8(content: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(content, default=str)
    except orjson.JSONEncodeError:  # text that is no Unicode, a number of more than 64 bits
        return _in_ascii(content)


def _in_ascii(content: dict[str, Any]) -> bytes:
    return json.dumps(content, default=str).encode()
