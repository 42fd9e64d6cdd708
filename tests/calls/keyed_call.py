"""A call whose caller presses keys: a real session, and a leg whose far end is the test."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import FunctionTool
from sipagent.audio.frames import Pcm
from sipagent.calls import facts
from sipagent.calls.call import Call
from sipagent.calls.controller import CallPolicy
from sipagent.calls.digits import DigitSettings
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.leg_answer import LegAnswer
from sipagent.realtime.transport import Endpoint
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint
from tests.realtime.playbook import Wire, created, done

from .leg import FarEnd, Told
from .talk import call_setup


class KeyedCall:
    """A call that talks, its far end, its endpoint and what it told."""

    def __init__(
        self,
        endpoint: ScriptedEndpoint,
        folder: Path,
        tools: Sequence[FunctionTool],
        **setup: Any,
    ) -> None:
        self.endpoint, self.far_end, self.told = endpoint, FarEnd(), Told()
        defaults = {"agent": RealtimeAgent("Ada", tools=[*tools]), "digits": DigitSettings()}
        loop = asyncio.get_running_loop()
        self.call = Call(
            "c1",
            self.far_end.leg,
            call_setup(**(defaults | setup)),
            IncomingController(CallPolicy()),
            Endpoint(endpoint.url, "gpt-realtime"),
            self.told,
            answer=LegAnswer(loop.time()),
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
        )
        self.ended = loop.create_task(self.call.run(), name="call")

    def presses(self, keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.far_end.presses(key)

    def sounds(self, pcm: Pcm) -> None:
        """Let the caller be heard."""
        for start in range(0, len(pcm), 160):
            self.far_end.media.give_inbound(pcm[start : start + 160])

    async def calls(self, *calls: Wire, response_id: str = "resp_1") -> None:
        """Let the model call functions."""
        await self.endpoint.say(created(response_id), *calls, done(response_id))

    async def heard_by_the_model(self, frames: int) -> list[bytes]:
        """Wait until the model was sent ``frames`` frames; return all."""
        sent = await self.endpoint.has_received("input_audio_buffer.append", frames)
        return [b64decode(each["audio"]) for each in sent]

    async def messages(self, count: int = 1) -> list[str]:
        """Wait until the model was told ``count`` things; return them: messages and outputs."""
        items = await self.endpoint.has_received("conversation.item.create", count)
        return [
            item["output"] if "output" in item else item["content"][0]["text"]
            for item in (each["item"] for each in items)
        ]


@asynccontextmanager
async def keyed_call(
    folder: Path, tools: Sequence[FunctionTool] = (), **setup: Any
) -> AsyncIterator[KeyedCall]:
    """Place a call and wait until it is answered; it ends with the caller."""
    async with scripted_endpoint() as endpoint:
        running = KeyedCall(endpoint, folder, tools, **setup)
        async with running.far_end.clock():
            await running.told.until(facts.CallAnswered)
            yield running
            running.far_end.hangs_up()
            await running.ended
