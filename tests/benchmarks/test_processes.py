"""What processes cost, seen from outside."""

import asyncio
import os
import socket
import sys

from benchmarks.processes import cpu_s, descendants, owner_of_udp_port, rss_mb


def test_the_owner_of_a_port_is_found_among_those_asked() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        port = ours.getsockname()[1]
        assert owner_of_udp_port(port, [os.getpid()]) == os.getpid()
        assert owner_of_udp_port(port, []) is None
    assert owner_of_udp_port(port, [os.getpid()]) is None


async def test_a_child_is_a_descendant_until_it_ends() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    assert child.pid in descendants(os.getpid())
    await child.communicate(b"\n")
    assert child.pid not in descendants(os.getpid())


def test_work_and_memory_are_seen() -> None:
    before = cpu_s(os.getpid())
    sum(range(2_000_000))
    assert cpu_s(os.getpid()) > before
    assert rss_mb(os.getpid()) > 5
