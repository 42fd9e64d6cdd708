"""Keeps what is sent to our HTTP ports and is no HTTP out of the log.

aiohttp tells each such request as an error, with a traceback and the line that it could not read: a
token may stand in it, and whoever scans a port would fill the disk. What is wrong there is theirs.
"""

from __future__ import annotations

import logging

SERVER_LOGGER = "aiohttp.server"

_THEIRS = frozenset({"HttpProcessingError", "RequestPayloadError"})
"""Of aiohttp: what a request can be that cannot be read, or whose body cannot."""


class PeersFaults(logging.Filter):
    """Leave one line, for those who want to see more (``debug``), without a word of the request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is logged."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not _is_theirs(type(error)):
            return True
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
        record.msg, record.args = "! a request is no HTTP: %s", (type(error).__name__,)
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)


PEERS_FAULTS = PeersFaults()


def _is_theirs(kind: type[BaseException]) -> bool:
    # By name: processes without an HTTP server need not load one.
    return any(each.__name__ in _THEIRS and "aiohttp" in each.__module__ for each in kind.__mro__)
