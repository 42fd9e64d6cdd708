"""The WebSocket under responses: opened, and every way it can fail turned into one of our errors.

What lets us in is in no text that is made here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)

from sipagent.agents.passing import retry_after_s
from sipagent.agents.quoting import said_in_body
from sipagent.errors import ModelError

from .endpoint import ModelEndpoint, shown
from .options import TransportOptions
from .retries import AttemptFailed
from .sse import MAX_EVENT_BYTES

CLOSE_LIMIT_S = 1.0

_wire_log = logging.getLogger(f"{__name__}.websocket")
_wire_log.setLevel(logging.INFO)  # at debug it writes the handshake down, and with it the key


class SocketClosed(Exception):
    """The socket is gone; whoever knows what it was doing makes an error of this.

    Args:
        close_code: RFC 6455 section 7.4.1; 1006 when there was none.
    """

    def __init__(self, close_code: int) -> None:
        self.close_code = close_code
        super().__init__(f"close code {close_code}")


class ResponsesSocket:
    """An open WebSocket; made by :func:`open_socket`.

    Attributes:
        headers: It was opened with.
        opened_at: Loop time.
        is_reused: Whether a response ended on it.
        is_expired: Whether the time of a response was over.
    """

    def __init__(
        self, connection: ClientConnection, headers: Mapping[str, str], opened_at: float
    ) -> None:
        self._connection = connection
        self.headers, self.opened_at = headers, opened_at
        self.is_reused = self.is_expired = False

    async def send(self, message: bytes) -> None:
        """Send one message as text; waits while the socket is congested.

        Raises:
            SocketClosed: If the socket is gone.
        """
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as closed:
            raise _closed(closed) from None

    async def receive(self) -> bytes:
        """Return the next message. Cancellation loses nothing.

        Raises:
            SocketClosed: If the socket is gone.
        """
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            raise _closed(closed) from None

    def expire(self) -> None:
        """Break off, since time is over."""
        self.is_expired = True
        self._connection.transport.abort()

    async def abort(self) -> None:
        """Break off; there is nothing to say, and nobody to wait for."""
        self._connection.transport.abort()
        await self._connection.wait_closed()

    async def close(self) -> None:
        """Close with 1000; harmless when it is closed."""
        await self._connection.close()


async def open_socket(
    endpoint: ModelEndpoint, url: str, headers: Mapping[str, str], options: TransportOptions
) -> ResponsesSocket | AttemptFailed:
    """Connect once; return how it failed, if it did. Cancelling it leaves nothing open.

    Raises:
        ModelError: If there is no such address.
    """
    where = shown(url)
    now = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(options.connect_timeout_s) as limit:
            return ResponsesSocket(await _opened(url, headers, options), headers, now())
    except InvalidStatus as refused:
        answer = refused.response
        said = said_in_body(bytes(answer.body or b""), endpoint.secrets(headers))
        text, status = said.after(f"{where} refused the socket"), answer.status_code
        error = ModelError(text, status=status, code=said.code)
        return AttemptFailed(error, status, retry_after_s(answer.headers))
    except InvalidURI as raised:
        raise ModelError(f"{where} has no WebSocket: {raised.msg}") from None
    except (InvalidHandshake, EOFError, ValueError) as raised:
        # Only this one's text has nothing in it that was sent.
        reason = str(raised) if isinstance(raised, InvalidMessage) else type(raised).__name__
        return AttemptFailed(ModelError(f"{where} has no WebSocket: {reason}"))
    except OSError as raised:
        if limit.expired():
            text = f"{where} cannot be reached in {options.connect_timeout_s:g} s"
            return AttemptFailed(ModelError(text))
        return AttemptFailed(ModelError(f"{where} cannot be reached: {raised}"))


class _ConnectHereOnly(connect):
    """Follows no redirect: a key must not travel to where somebody else says."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def _opened(
    url: str, headers: Mapping[str, str], options: TransportOptions
) -> ClientConnection:
    return await _ConnectHereOnly(
        url,
        additional_headers=headers,
        user_agent_header=None,
        compression=None,
        max_size=MAX_EVENT_BYTES,
        open_timeout=None,
        ping_interval=options.ping_interval_s,
        ping_timeout=options.ping_timeout_s,
        close_timeout=CLOSE_LIMIT_S,
        proxy=None,
        logger=_wire_log,
    )


def _closed(closed: ConnectionClosed) -> SocketClosed:
    return SocketClosed(closed.rcvd.code if closed.rcvd is not None else 1006)
