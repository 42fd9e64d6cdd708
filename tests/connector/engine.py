"""``sipagent engine --sip`` as a process of its own, with the official client as who decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.level import dbov
from sipagent.calls.ear import VOICED_DBOV
from tests.cli.program import Program, program
from tests.ports import rtp_ports
from tests.telephony.rtp import RtpPeer

from .receiver import SECRET, Receiver, receiver

RTP_PORTS = "{}-{}".format(*rtp_ports("engine"))
VOICED_PACKETS = 25


class Engine:
    """A running engine.

    Args:
        running: Its process.
        announcement: What it said.
        receiving: Whom it tells.
        client: That knows where it is.
    """

    def __init__(
        self, running: Program, announcement: str, receiving: Receiver, client: AsyncOpenAI
    ) -> None:
        self.program, self.announcement = running, announcement
        self.receiving, self.openai = receiving, client
        self.sip_port = int(announcement.partition(" ; SIP on 127.0.0.1:")[2].partition(",")[0])

    async def call_id(self) -> str:
        """Wait for a webhook; return whom it tells of."""
        (first, *_) = await self.receiving.until(1)
        return first.unwrap().data.call_id


@asynccontextmanager
async def running_engine(folder: Path, *, ring_limit_s: int = 30) -> AsyncIterator[Engine]:
    """Run one that tells a receiver."""
    secret = folder / "secret"
    secret.write_text(SECRET)
    async with (
        receiver() as receiving,
        program(
            *("engine", "--port", "0", "--scripts", str(folder), "--recognisers", "1"),
            *("--sip", "0", "--rtp-ports", RTP_PORTS, "--webhook-url", receiving.url),
            *("--webhook-secret-file", str(secret), "--ring-limit-s", str(ring_limit_s)),
        ) as running,
    ):
        announcement = await running.line()
        url = announcement.removeprefix("engine: ws://").partition("/realtime")[0]
        async with AsyncOpenAI(
            api_key="any", base_url=f"http://{url}", max_retries=0, webhook_secret=SECRET
        ) as client:
            yield Engine(running, announcement, receiving, client)


async def says(connection: AsyncRealtimeConnection, text: str) -> None:
    """Let the engine say ``text``."""
    content = [{"type": "input_text", "text": f"say:{text}"}]
    item = {"type": "message", "role": "user", "content": content}
    await connection.conversation.item.create(item=item)  # type: ignore[arg-type]
    await connection.response.create()


async def until_voice(caller: RtpPeer) -> None:
    """Wait until the caller has heard half a second of voice."""
    seen = voiced = 0
    while voiced < VOICED_PACKETS:
        packets = await caller.until(seen + 1)
        voiced += sum(_is_voiced(pcmu_to_pcm(each.payload)) for each in packets[seen:])
        seen = len(packets)


def _is_voiced(frame: Pcm) -> bool:
    return bool(np.any(frame)) and dbov(frame) > VOICED_DBOV
