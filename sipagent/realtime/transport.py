"""The WebSocket under a session.

Opens it, and turns every way it can fail into one of our errors; knows nothing of what is said.
What lets us in (key, headers, query of an address) is in no text that it makes.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)
from websockets.typing import Subprotocol

from sipagent.errors import ConfigError, SessionLost, SessionRejected, SessionTimeout

OPENAI_URL = "wss://api.openai.com/v1/realtime"

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""An append of 15 MiB is legal."""

USER_AGENT = "sipagent"

ApiKey: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A key, or what makes one; it is asked once for each connection, right before it is opened."""

_wire_log = logging.getLogger(f"{__name__}.websocket")
_wire_log.setLevel(logging.INFO)  # at debug it writes the handshake down, and with it the key


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the speech model is, and how to get in.

    Raises:
        ConfigError: If options exclude each other, or have no meaning.
    """

    url: str = OPENAI_URL
    """What ``?model=`` or ``?call_id=`` is appended to."""
    model: str = ""
    api_key: ApiKey = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent instead of the bearer key when given."""
    handshake_timeout_s: float | None = 10.0
    """None: no limit; so for the others."""
    ping_interval_s: float | None = 20.0
    ping_timeout_s: float | None = 20.0
    realtime_call_id: str = ""
    """Of a phone call at the provider, to whose session this attaches; it has a model already."""
    verbatim_url: str = field(default="", repr=False)
    """A whole address; nothing is appended, and ``url``, model and call do not count."""
    subprotocols: Sequence[str] = field(default=(), repr=False)
    """Offered; ``openai-insecure-api-key.<key>`` is a way to get in, too."""
    max_size_bytes: int | None = MAX_MESSAGE_BYTES
    """Of one message."""

    def __post_init__(self) -> None:
        if self.realtime_call_id and self.model:
            raise ConfigError(
                "the session of a phone call has a model, so none can be asked for",
                where="realtime_call_id",
            )
        limits = ("handshake_timeout_s", "ping_interval_s", "ping_timeout_s", "max_size_bytes")
        for name in limits:
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ConfigError("must be more than 0, or None for no limit", where=name)
        if not all(_is_header_text(text) for text in (*self.headers, *self.headers.values())):
            raise ConfigError("must be printable ASCII", where="headers")

    @property
    def address(self) -> str:
        """What is opened."""
        if self.verbatim_url:
            return self.verbatim_url
        joint = "&" if "?" in self.url else "?"
        if self.realtime_call_id:
            return f"{self.url}{joint}call_id={quote(self.realtime_call_id, safe='')}"
        return f"{self.url}{joint}model={quote(self.model, safe='')}" if self.model else self.url

    @property
    def shown(self) -> str:
        """The address as it may be told: without user, password and query."""
        bare = re.split(r"[?#]", self.address, maxsplit=1)[0]
        return re.sub(r"^(\w+://)?[^/]*@", r"\1", bare)


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
    """Connect. Cancelling it leaves nothing open.

    Raises:
        SessionRejected: If there is no key, the endpoint refused, or nobody listens there.
        SessionTimeout: If that took longer than ``handshake_timeout_s``.
    """
    where = endpoint.shown
    try:
        async with asyncio.timeout(endpoint.handshake_timeout_s) as limit:
            headers = dict(endpoint.headers) or await _bearer(endpoint)
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
    return WebSocketTransport(connection)


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


async def _bearer(endpoint: Endpoint) -> dict[str, str]:
    key = endpoint.api_key
    if callable(key):
        try:
            made = key()
            key = await made if inspect.isawaitable(made) else made
        except Exception as error:  # its text may have the key in it
            reason = type(error).__name__
            raise SessionRejected(f"{endpoint.shown}: no key could be had, {reason}") from None
    if not isinstance(key, str) or not _is_header_text(key.strip()):
        raise SessionRejected(f"{endpoint.shown}: what should be its key is none")
    return {"Authorization": f"Bearer {key.strip()}"} if key.strip() else {}


def _is_header_text(text: str) -> bool:
    return re.fullmatch(r"[\x20-\x7e]*", text) is not None


def _lost(closed: ConnectionClosed) -> SessionLost:
    frame = closed.rcvd
    code = frame.code if frame is not None else 1006
    return SessionLost(
        frame.reason if frame is not None and frame.reason else "gone", close_code=code
    )
