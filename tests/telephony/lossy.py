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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .bad_line import BadLine, Faults
from .udp import Address, UdpEnd


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
        self._far = UdpEnd(self._from_appliance)
        self._near = UdpEnd(self._from_caller)

    @property
    def port(self) -> int:
        """What the caller's offer names."""
        return self._far.port

    def open(self) -> None:
        """Bind free ports."""
        self._far.open()
        self._near.open()

    def close(self) -> None:
        """Drop what is late, give the ports back."""
        for timer in self._waiting:
            timer.cancel()
        for side in (self._far, self._near):
            side.close()

    def _from_appliance(self, data: bytes, source: Address, _: float) -> None:
        self._appliance = source
        self._pass(self.outbound, data, self._near, self._caller)

    def _from_caller(self, data: bytes, _: Address, __: float) -> None:
        if self._appliance is not None:
            self._pass(self.inbound, data, self._far, self._appliance)

    def _pass(self, line: BadLine, data: bytes, side: UdpEnd, to: Address) -> None:
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
    relay.open()
    try:
        yield relay
    finally:
        relay.close()
