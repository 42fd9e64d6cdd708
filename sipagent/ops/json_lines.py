"""Appending JSON lines to a file that several processes share.

Each line is one write to a file opened for appending, so that lines never mix. A full disk, an
unwritable folder or text that is no Unicode loses the line, is logged and counted, and is nobody
else's trouble.
"""

from __future__ import annotations

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
        line = _in_ascii(content) if in_ascii else orjson.dumps(content, default=str)
        line += b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError("the disk is full")
        finally:
            os.close(descriptor)
    except (OSError, orjson.JSONEncodeError) as error:
        LOST.inc()
        log.error("! a line of %s is lost: %s", path, error)
        return False
    return True


def _in_ascii(content: dict[str, Any]) -> bytes:
    return json.dumps(content, default=str).encode()
