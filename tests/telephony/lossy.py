"""A relay between a caller's media and the appliance's, on a line as bad as a test wants it.

The caller's offer names the relay; the caller sends to where its packets come from. Only RTP
passes: a caller of ours has no RTCP.

| resource    | acquired    | released                             | on failure           |
|-------------|-------------|--------------------------------------|----------------------|
| two sockets | ``lossy``   | end of the block                     | the test fails       |
| late packets| each delay  | when due, or cancelled with the block| dropped, not counted |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from .bad_line import BadLine, Faults

Address = tuple[str, int]


class LossyRelay:
    """One call's RTP, relayed both ways.

    Args:
        inbound: Caller to agent.
        outbound: Agent to caller.
        caller: Address of the caller's media.
    """

    def __init__(self, inbound: BadLine, outbound: BadLine, caller: Address) -> None:
        self.inbound, self.outbound = inbound, outbound
        self._loop = asyncio.get_running_loop()
        self._appliance: Address | None = None
        self._caller = caller
        self._waiting: set[asyncio.TimerHandle] = set()
        self._far = _Side(self._from_appliance)
        self._near = _Side(self._from_caller)

    @property
    def port(self) -> int:
        """What the caller's offer names."""
        return self._far.port

    async def open(self) -> None:
        """Bind free ports."""
        await self._far.open()
        await self._near.open()

    def close(self) -> None:
        """Drop what is late, give the ports back."""
        for timer in self._waiting:
            timer.cancel()
        for side in (self._far, self._near):
            side.close()

    def _from_appliance(self, data: bytes, source: Address) -> None:
        self._appliance = source
        self._pass(self.outbound, data, self._near, self._caller)

    def _from_caller(self, data: bytes, _: Address) -> None:
        if self._appliance is not None:
            self._pass(self.inbound, data, self._far, self._appliance)

    def _pass(self, line: BadLine, data: bytes, side: _Side, to: Address) -> None:
        now = self._loop.time()
        due = line.due(now=now)
        if due is None:
            return
        if due <= now:
            side.send(data, to)
            return

        def deliver() -> None:
            self._waiting.discard(timer)
            side.send(data, to)

        timer = self._loop.call_at(due, deliver)
        self._waiting.add(timer)


class _Side(asyncio.DatagramProtocol):
    """One socket of a relay."""

    def __init__(self, on_packet: Callable[[bytes, Address], None]) -> None:
        self._on_packet = on_packet
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def open(self) -> None:
        """Bind a free port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand on a packet."""
        self._on_packet(data, addr)

    def send(self, data: bytes, to: Address) -> None:
        """Send a packet."""
        assert self._transport is not None
        self._transport.sendto(data, to)

    def close(self) -> None:
        """Give the port back."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def lossy(
    caller_port: int, faults: Faults, *, back: Faults | None = None, seed: int = 1
) -> AsyncIterator[LossyRelay]:
    """Relay RTP of the caller at ``caller_port`` until the end of the block.

    Args:
        caller_port: Of the caller's media.
        faults: Of the line to the agent.
        back: Of the line to the caller; None: the same.
        seed: Of what is lost.
    """
    lines = BadLine(faults, seed), BadLine(faults if back is None else back, seed + 1)
    relay = LossyRelay(*lines, ("127.0.0.1", caller_port))
    await relay.open()
    try:
        yield relay
    finally:
        relay.close()
