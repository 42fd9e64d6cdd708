"""A process with an endpoint that listens for TLS, until its input ends; it may die of a test.

Its arguments are the files of its certificate and key; it writes its port.
"""

from __future__ import annotations

import asyncio
import sys

from .harness import switchboard


async def main(certificate: str, key: str) -> None:
    """Run."""
    tls = {"certificate": certificate, "key": key, "port": 0}
    async with switchboard(transports=["tls"], tls=tls) as board:
        print(board.endpoint.tls_port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
