"""The beginning of an answer that says why something was refused: nobody explains one at length."""

from __future__ import annotations

import aiohttp

MOST_READ_BYTES = 64 * 1024
"""About."""


async def beginning_of(answer: aiohttp.ClientResponse) -> bytes:
    """Read the body of ``answer``, as far as it is worth reading."""
    read = b""
    async for part in answer.content.iter_any():
        read += part
        if len(read) > MOST_READ_BYTES:
            break
    return read
