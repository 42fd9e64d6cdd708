"""Server-sent events out of bytes, however these were cut (HTML Standard: server-sent events).

    line ends   CR LF, LF or CR; a CR LF may be cut in two
    fields      ``data``, of which an event may have many lines, and ``event``; others mean nothing
    an event    ends with an empty line; one that never does is no event

No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.errors import ModelError

BOM = b"\xef\xbb\xbf"

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""The last event of a response has all of it once more, images included."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event."""

    data: str
    event: str = ""
    """Its name, ``""`` if it has none."""


class SseParser:
    """Reads one stream.

    Args:
        max_event_bytes: A longer event is an error, before it is complete.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_event_bytes
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._event = b""
        self._size_bytes = 0
        self._is_begun = False
        self._is_after_cr = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes; return the events that are complete now.

        Raises:
            ModelError: If an event is too long.
        """
        if not chunk:
            return []
        if self._is_after_cr:
            chunk = chunk.removeprefix(b"\n")
        found: list[ServerSentEvent] = []
        for line in chunk.splitlines(keepends=True):
            self._size_bytes += len(line)
            if self._size_bytes > self._max_bytes:
                raise ModelError(f"an event has more than {self._max_bytes} bytes")
            if not line.endswith((b"\n", b"\r")):
                self._line.append(line)  # the last one; the rest of it has yet to come
                break
            whole = b"".join((*self._line, line)) if self._line else line
            self._line = []
            self._take(whole.rstrip(b"\r\n"), found)
        self._is_after_cr = chunk.endswith(b"\r")
        return found

    def _take(self, line: bytes, found: list[ServerSentEvent]) -> None:
        if not self._is_begun:
            line, self._is_begun = line.removeprefix(BOM), True
        if not line:
            if self._data:
                found.append(ServerSentEvent(_text(b"\n".join(self._data)), _text(self._event)))
            self._data, self._event, self._size_bytes = [], b"", 0
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._event = value.removeprefix(b" ")


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")
