"""Logging: one line per event, for people or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from sipagent.redaction import REDACTION

QUIET = ("websockets", "aiohttp.access", "asyncio", "httpx", "httpx2", "mcp")
"""Libraries that write down, at info, what is said or where to, keys in addresses included."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: whatever the message holds, it breaks no line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return ``record`` as JSON."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class RedactingFormatter(logging.Formatter):
    """Write what another formatter writes, without digits that are to be hidden."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return ``record``, exceptions included."""
        return REDACTION.apply(self._inner.format(record))


def set_up_logging(level: str, style: Literal["human", "json"]) -> None:
    """Log to stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    text = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"
    human = logging.Formatter(text, "%H:%M:%S")
    handler.setFormatter(RedactingFormatter(JsonFormatter() if style == "json" else human))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
