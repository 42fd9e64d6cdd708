"""The socket that tests hear media with."""

from __future__ import annotations

import asyncio
import socket
import time

from .udp import Address, UdpEnd


async def test_all_that_came_is_told_at_once_and_when_it_came() -> None:
    loop = asyncio.get_running_loop()
    told: list[tuple[bytes, float]] = []

    def keep(data: bytes, _: Address, at: float) -> None:
        told.append((data, at))

    end = UdpEnd(keep)
    end.open()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            before = loop.time()
            peer.sendto(b"one", ("127.0.0.1", end.port))
            sent = loop.time()
            time.sleep(0.05)  # noqa: ASYNC251 - the loop is to stall
            peer.sendto(b"two", ("127.0.0.1", end.port))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    finally:
        end.close()
    assert [data for data, _ in told] == [b"one", b"two"]
    assert before - 0.01 < told[0][1] < sent + 0.01
    assert told[1][1] - told[0][1] > 0.04
