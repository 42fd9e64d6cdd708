"""dnsmasq as a name server that knows what a test tells it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.asyncquery
import dns.message
import pytest

from .kamailio import free_port

PROGRAM = shutil.which("dnsmasq") or shutil.which("dnsmasq", path="/usr/sbin")

needs_dnsmasq = pytest.mark.skipif(PROGRAM is None, reason="dnsmasq-base is not installed")


@asynccontextmanager
async def name_server(*records: str) -> AsyncIterator[str]:
    """Run one that has ``records``, options of dnsmasq without dashes; yield its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM or "", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file="),
        *("--no-resolv", "--no-hosts", "--local=/test/", "--user=", f"--port={port}"),
        *("--listen-address=127.0.0.1", "--bind-interfaces"),
        *(f"--{record}" for record in records),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        question = dns.message.make_query("is.test", "A")
        for _ in range(100):
            try:
                await dns.asyncquery.udp(question, "127.0.0.1", timeout=0.05, port=port)
                break
            except (dns.exception.Timeout, OSError):  # nobody there yet
                assert process.returncode is None, "dnsmasq has ended"
        yield f"127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def silent_name_server() -> AsyncIterator[str]:
    """Yield the address of one that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{silent.getsockname()[1]}"
