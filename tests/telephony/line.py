"""A whole call in this process: SIPp and a bare RTP end call a desk whose model is a tone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone
from sipagent.calls.call import Call
from sipagent.calls.desk import CallDesk
from sipagent.calls.termination import Reason
from sipagent.realtime.transport import Endpoint
from tests.calls.leg import Told
from tests.calls.talk import call_setup
from tests.fakes.faulty_endpoint import FaultyEndpoint, faulty_endpoint

from .harness import becomes, switchboard, until
from .rtp import SAMPLES_PER_PACKET, RtpPeer
from .sipp import Sipp

CALLER_HZ, AGENT_HZ = 300, 425
RATE_HZ = 8_000


class Line:
    """One call.

    Attributes:
        told: The facts of the call.
        endpoint: Where the agent's voice comes from.
        peer: The caller's media.
        caller: The caller's signalling; waits for our BYE.
        desk: Whose call it is.
    """

    def __init__(self, endpoint: FaultyEndpoint, peer: RtpPeer, caller: Sipp, desk: CallDesk):
        self.told = Told()
        self.endpoint, self.peer, self.caller, self.desk = endpoint, peer, caller, desk

    @property
    def call(self) -> Call:
        """The call."""
        (call,) = self.desk.calls.values()
        return call

    async def speak(self) -> None:
        """Send a tone as the caller, until cancelled."""
        to = await self.peer.destination()
        pcm = tone(CALLER_HZ, 1_000, RATE_HZ)
        packets = [
            pcm_to_pcmu(pcm[at : at + SAMPLES_PER_PACKET])
            for at in range(0, len(pcm), SAMPLES_PER_PACKET)
        ]
        while True:
            await self.peer.send(iter(packets), to)

    async def pass_ms(self, duration_ms: int) -> None:
        """Let the caller hear so much more."""
        await self.peer.until(len(self.peer.packets) + duration_ms // 20)

    async def say_ms(self, duration_ms: int) -> None:
        """Let the caller, who is speaking, say so much more."""
        enough = self.peer.sent + duration_ms // 20
        await until(lambda: self.peer.sent >= enough)


@asynccontextmanager
async def line(
    folder: Path,
    *,
    tone_ms: int = 300,
    pause_ms: int = 100,
    scenario: str = "waits_for_bye",
    **setup: Any,
) -> AsyncIterator[Line]:
    """Place a call; at the end everything it used must be given back.

    Args:
        folder: For recordings, and for SIPp.
        tone_ms: How long each answer of the agent is.
        pause_ms: How long the caller talks, where the scenario hangs up itself.
        scenario: Of the caller.
        setup: Fields of ``CallSetup``.
    """
    async with (
        faulty_endpoint() as endpoint,
        switchboard() as board,
        RtpPeer() as peer,
        Sipp(
            scenario,
            board.endpoint.port,
            folder,
            rtp_port=peer.port,
            offer="0 101",
            pause_ms=pause_ms,
        ) as caller,
    ):
        endpoint.tone_ms = tone_ms
        wanted = call_setup(**setup)
        told = Told()
        desk = CallDesk(
            route=lambda _: wanted,
            endpoint=Endpoint(endpoint.url, "gpt-realtime"),
            observer=told,
            recordings_dir=folder / "recordings",
            wall_clock=lambda: 0.0,
        )
        running = Line(endpoint, peer, caller, desk)
        running.told = told
        desk.incoming(await board.incoming.get())
        try:
            yield running
            await caller.succeeds()
            await desk.until_empty()
            held = {"legs": 0, "media_ports": 0}
            await becomes(lambda: _held(board.endpoint.inventory()), held)
        finally:
            for call in desk.calls.values():
                call.hang_up(Reason.SHUTDOWN)
            await desk.until_empty()


async def _held(inventory: Any) -> dict[str, int]:
    counted = await inventory
    return {name: counted[name] for name in ("legs", "media_ports")}


@asynccontextmanager
async def speaking(running: Line) -> AsyncIterator[None]:
    """Have the caller send sound until the end of the block."""
    sending = asyncio.get_running_loop().create_task(running.speak(), name="caller speaks")
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.wait([sending])
