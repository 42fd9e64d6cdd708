"""Logging: one line per event, for people or as JSON.

Each line of a call has its call id, whoever wrote it. Digits that are to be hidden are in none, and
of telephone numbers the last digits are not.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal

from sipagent.call_context import CALL_ID
from sipagent.masking import mask_numbers
from sipagent.redaction import REDACTION

from .http_faults import PEERS_FAULTS, SERVER_LOGGER

QUIET = ("websockets", "aiohttp.access", "asyncio", "httpx", "httpx2", "mcp")
"""Libraries that write down, at info, what is said or where to, keys in addresses included."""

_OF_CALL = re.compile(r"call=(\S+) ?")
"""How a message begins that names its call itself."""


class HumanFormatter(logging.Formatter):
    """A line for people; further lines only of a traceback."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in logging
        """Return the line, without what would break it or drive a terminal."""
        call_id, text = call_and_text(record)
        record.message = f"call={call_id} {_plain(text)}" if call_id else _plain(text)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - its name in logging
        """Return the traceback, indented: what an exception says cannot pass for a line."""
        return "\n".join(f"  {_plain(line)}" for line in super().formatException(ei).split("\n"))


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: whatever the message holds, it breaks no line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return ``record`` as JSON."""
        call_id, text = call_and_text(record)
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **({"call_id": call_id} if call_id else {}),
            "message": text,
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
        return mask_numbers(REDACTION.apply(self._inner.format(record)))


def call_and_text(record: logging.LogRecord) -> tuple[str, str]:
    """Return the id of the call that a line is about, ``""`` if of none, and what it says."""
    text = record.getMessage()
    if named := _OF_CALL.match(text):
        return named[1], text[named.end() :]
    return CALL_ID.get(), text


def set_up_logging(level: str, style: Literal["human", "json"]) -> None:
    """Log to stderr from now on."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = JsonFormatter() if style == "json" else HumanFormatter()
    handler.setFormatter(RedactingFormatter(formatter))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(SERVER_LOGGER).addFilter(PEERS_FAULTS)
