"""The WebSocket under a session.

Opens it, and turns every way it can fail into one of our errors; knows nothing of what is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from sipagent.errors import SessionLost, SessionRejected, SessionTimeout

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""An append of 15 MiB is legal."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the speech model is, and how to get in."""

    url: str
    model: str
    api_key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent instead of the bearer key when given."""
    handshake_timeout_s: float = 10.0
    ping_interval_s: float = 20.0
    ping_timeout_s: float = 20.0


class WebSocketTransport:
    """An open WebSocket; made by :func:`open_transport`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: str) -> None:
        """Send one message; waits while the socket is congested.

        Raises:
            SessionLost: If the socket is gone.
        """
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
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def close(self) -> None:
        """Close with 1000; harmless when it is closed."""
        await self._connection.close()


async def open_transport(endpoint: Endpoint) -> WebSocketTransport:
    """Connect.

    Raises:
        SessionRejected: If the endpoint refused, or nobody listens there.
        SessionTimeout: If the handshake took longer than ``handshake_timeout_s``.
    """
    joint = "&" if "?" in endpoint.url else "?"
    url = f"{endpoint.url}{joint}model={quote(endpoint.model)}"
    headers = dict(endpoint.headers)
    if not headers and endpoint.api_key:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    try:
        async with asyncio.timeout(endpoint.handshake_timeout_s):
            connection = await connect(
                url,
                additional_headers=headers,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=None,
                ping_interval=endpoint.ping_interval_s,
                ping_timeout=endpoint.ping_timeout_s,
                close_timeout=1.0,
                proxy=None,
            )
    except TimeoutError:
        limit = f"{endpoint.handshake_timeout_s:g} s"
        raise SessionTimeout(f"{endpoint.url} did not finish the handshake in {limit}") from None
    except InvalidStatus as refused:
        status = refused.response.status_code
        raise SessionRejected(f"{endpoint.url} refused the session", status=status) from None
    except (InvalidHandshake, InvalidURI, EOFError) as error:
        raise SessionRejected(f"{endpoint.url} is no realtime endpoint: {error}") from None
    except OSError as error:
        raise SessionRejected(f"{endpoint.url} cannot be reached: {error}") from None
    return WebSocketTransport(connection)


def _lost(closed: ConnectionClosed) -> SessionLost:
    frame = closed.rcvd
    code = frame.code if frame is not None else 1006
    return SessionLost(
        frame.reason if frame is not None and frame.reason else "gone", close_code=code
    )
