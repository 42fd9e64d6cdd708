"""Answers of name servers that mean no good, or are broken."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.message
import dns.name
import dns.rrset
import pytest

from sipagent.sip.dns_records import LONGEST_KEPT_S, DnsRecords, NoNameServer

MAX_TTL_S = 2**31 - 1


class _Hostile(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        name = question.question[0].name
        answer = dns.message.make_response(question)
        assert self.transport is not None
        match name.labels[0]:
            case b"loop":
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", str(name)))
            case b"garbage":
                self.transport.sendto(data[:2] + b"\xff" * 40, addr)
                self.transport.sendto(b"", addr)
                answer.id ^= 1  # forged
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.66"))
            case _:
                answer.answer.append(dns.rrset.from_text(name, MAX_TTL_S, "IN", "A", "192.0.2.1"))
        self.transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def asked() -> AsyncIterator[DnsRecords]:
    """Yield who asks a hostile server."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Hostile, local_addr=("127.0.0.1", 0))
    try:
        records = DnsRecords([f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"])
        records._resolver.timeout = records._resolver.lifetime = 0.3
        yield records
    finally:
        transport.close()


async def test_an_answer_is_kept_for_a_day_at_most() -> None:
    async with asked() as records:
        assert await records.addresses("ages.test") == ["192.0.2.1"]
        (kept,) = records._resolver.cache.data.values()
        assert (
            kept.value.expiration
            <= datetime.datetime.now(datetime.UTC).timestamp() + LONGEST_KEPT_S
        )


@pytest.mark.parametrize("name", ["loop.test", "garbage.test", "a" * 64 + ".test", "a..test"])
async def test_what_is_no_answer_is_none(name: str) -> None:
    async with asked() as records:
        try:
            assert await records.addresses(name) == []
        except NoNameServer:
            pass
