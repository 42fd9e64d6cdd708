"""A real leg answered by an agent: SIP and RTP on one side, a scripted endpoint on the other."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.calls.call import Call
from sipagent.calls.incoming import incoming_controller
from sipagent.calls.leg_answer import LegAnswer
from sipagent.calls.setup import CallSetup
from sipagent.realtime.transport import Endpoint
from sipagent.sip.call import SipCall
from tests.calls.leg import Told
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint

from .harness import Switchboard, switchboard

LOUD = 1_000


class AgentDesk:
    """Has an agent answer each call of a switchboard."""

    def __init__(
        self, board: Switchboard, endpoint: ScriptedEndpoint, setup: CallSetup, folder: Path
    ) -> None:
        self.board, self.endpoint, self.setup, self.folder = board, endpoint, setup, folder
        self.told = Told()
        self.legs: list[SipCall] = []
        self.calls: list[asyncio.Task[Any]] = []

    async def take_calls(self) -> None:
        """Take calls until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            leg = await self.board.incoming.get()
            call = Call(
                f"c{len(self.legs)}",
                leg,
                self.setup,
                incoming_controller(self.setup),
                Endpoint(self.endpoint.url, "gpt-realtime"),
                self.told,
                answer=LegAnswer(loop.time(), has_early_media=self.setup.line.early is not None),
                recordings_dir=self.folder,
                wall_clock=lambda: 0.0,
                dial=self._dial,
            )
            self.legs.append(leg)
            self.calls.append(loop.create_task(call.run(), name="call"))

    async def _dial(self, uri: str, trunk: str, from_user: str) -> SipCall:
        return await self.board.endpoint.dial(uri, from_user=from_user)

    def heard_since(self, index: int) -> bool:
        """Tell whether the agent heard anything loud since event ``index`` of its endpoint."""
        audio = b"".join(
            b64decode(event["audio"])
            for event in self.endpoint.received[index:]
            if event["type"] == "input_audio_buffer.append"
        )
        return bool(len(audio)) and bool(np.abs(pcmu_to_pcm(audio).astype(int)).max() > LOUD)

    def wishes_since(self, index: int) -> list[str]:
        """Return the types of what the endpoint was asked since event ``index``, but for audio."""
        kinds = [event["type"] for event in self.endpoint.received[index:]]
        return [kind for kind in kinds if kind != "input_audio_buffer.append"]


@asynccontextmanager
async def agent_desk(folder: Path, setup: CallSetup, **settings: Any) -> AsyncIterator[AgentDesk]:
    """Run a switchboard whose calls an agent takes; they must all be over at the end."""
    async with scripted_endpoint() as endpoint, switchboard(**settings) as board:
        desk = AgentDesk(board, endpoint, setup, folder)
        loop = asyncio.get_running_loop()
        taking = loop.create_task(desk.take_calls(), name="desk")
        try:
            yield desk
            await asyncio.gather(*desk.calls)
        finally:
            taking.cancel()
            for call in desk.calls:
                call.cancel()
            await asyncio.gather(taking, *desk.calls, return_exceptions=True)
