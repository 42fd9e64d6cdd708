"""Handshakes that work, and far ends where none does."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.http11 import Request
from websockets.utils import accept_key

from sipagent.errors import SessionError
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.transport import open_transport
from tests.fakes.scripted_endpoint import scripted_endpoint

KEY = "sk-very-secret"

ACCEPTED = (
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: {accept}",
)


async def handshake(**options: Any) -> Request:
    """Return the handshake of a transport that is opened and closed."""
    async with scripted_endpoint() as far_end:
        transport = await open_transport(Endpoint(**{"url": far_end.url, **options}))
        await transport.close()
        (request,) = far_end.requests
        return request


@asynccontextmanager
async def answering(*lines: str) -> AsyncIterator[str]:
    """Answer every handshake with ``lines`` and say nothing more; return the URL.

    ``{accept}`` in a line stands for what accepts the handshake (RFC 6455 section 4.2.2).
    """
    is_over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = re.findall(r"Sec-WebSocket-Key: (\S+)", request)
        answer = "".join(f"{line}\r\n" for line in (*lines, ""))
        writer.write(answer.format(accept=accept_key(key)).encode())
        await is_over.wait()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            is_over.set()


async def failure(endpoint: Endpoint) -> SessionError:
    """Connect in vain; return how it failed."""
    with pytest.raises(SessionError) as caught:
        await open_transport(endpoint)
    return caught.value


def assert_nothing_is_told(failed: SessionError) -> None:
    """Look for the key in everything a traceback would print."""
    assert KEY not in "".join(traceback.format_exception(failed))
