"""The WebSocket under a session.

Opens it, and turns every way it can fail into one of our errors; knows nothing of what is said.
What lets us in (key, headers, query of an address) is in no text that it makes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)
from websockets.typing import Subprotocol

from sipagent.errors import SessionLost, SessionRejected, SessionTimeout

from .endpoint import USER_AGENT, Endpoint, entry_headers

__all__ = ["Endpoint", "OnMessage", "WebSocketTransport", "open_transport"]

OnMessage: TypeAlias = Callable[[Literal["in", "out"], str | bytes], None]
"""Sees messages as they come from the endpoint, and go there."""

_wire_log = logging.getLogger(f"{__name__}.websocket")
_wire_log.setLevel(logging.INFO)  # at debug it writes the handshake down, and with it the key


class WebSocketTransport:
    """An open WebSocket; made by :func:`open_transport`."""

    def __init__(self, connection: ClientConnection, on_message: OnMessage | None = None) -> None:
        self._connection, self._on_message = connection, on_message

    async def send(self, message: str) -> None:
        """Send one message; waits while the socket is congested.

        Raises:
            SessionLost: If the socket is gone.
        """
        if self._on_message is not None:
            self._on_message("out", message)
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def receive(self) -> str | bytes:
        """Return the next message. Cancellation loses nothing.

        Raises:
            SessionLost: If the socket is gone.
        """
        try:
            message = await self._connection.recv()
        except ConnectionClosed as closed:
            raise _lost(closed) from None
        if self._on_message is not None:
            self._on_message("in", message)
        return message

    async def close(self) -> None:
        """Close with 1000; harmless when it is closed."""
        await self._connection.close()


async def open_transport(
    endpoint: Endpoint, on_message: OnMessage | None = None
) -> WebSocketTransport:
    """Connect. Cancelling it leaves nothing open.

    Args:
        endpoint: Where.
        on_message: Called with each message as it goes or comes; must be quick.

    Raises:
        SessionRejected: If there is no key, the endpoint refused, or nobody listens there.
        SessionTimeout: If that took longer than ``handshake_timeout_s``.
    """
    where = endpoint.shown
    try:
        async with asyncio.timeout(endpoint.handshake_timeout_s) as limit:
            headers = await entry_headers(endpoint)
            connection = await _opened(endpoint, headers)
    except InvalidStatus as refused:
        status = refused.response.status_code
        raise SessionRejected(f"{where} refused the session", status=status) from None
    except InvalidURI as error:
        raise SessionRejected(f"{where} is no realtime endpoint: {error.msg}") from None
    except (InvalidHandshake, EOFError, ValueError) as error:
        # Only this one's text has nothing in it that was sent.
        reason = str(error) if isinstance(error, InvalidMessage) else type(error).__name__
        raise SessionRejected(f"{where} is no realtime endpoint: {reason}") from None
    except OSError as error:
        if limit.expired():
            allowed = f"{endpoint.handshake_timeout_s:g} s"
            raise SessionTimeout(f"{where} did not finish the handshake in {allowed}") from None
        raise SessionRejected(f"{where} cannot be reached: {error}") from None
    return WebSocketTransport(connection, on_message)


class _ConnectHereOnly(connect):
    """Follows no redirect: a key must not travel to where somebody else says."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def _opened(endpoint: Endpoint, headers: Mapping[str, str]) -> ClientConnection:
    return await _ConnectHereOnly(
        endpoint.address,
        additional_headers=headers,
        user_agent_header=USER_AGENT,
        subprotocols=[Subprotocol(each) for each in endpoint.subprotocols] or None,
        compression=None,
        max_size=endpoint.max_size_bytes,
        open_timeout=None,
        ping_interval=endpoint.ping_interval_s,
        ping_timeout=endpoint.ping_timeout_s,
        close_timeout=1.0,
        proxy=None,
        logger=_wire_log,
    )


def _lost(closed: ConnectionClosed) -> SessionLost:
    frame = closed.rcvd
    code = frame.code if frame is not None else 1006
    return SessionLost(
        frame.reason if frame is not None and frame.reason else "gone", close_code=code
    )
