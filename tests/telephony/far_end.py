"""The other end of an outgoing call: an endpoint in a process of its own.

A process holds one endpoint, so whoever dials needs a second process to answer. It is forked from a
server that has loaded what it needs: a hundred of them would load it for half a second each. Run as
a script, it prints its SIP port and serves until its standard input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from sipagent.audio.tones import tone
from sipagent.audio.wav import WavWriter
from sipagent.sip.call import SipCall
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.events import (
    Confirmed,
    Disconnected,
    DtmfReceived,
    ItemPlayed,
    MediaFact,
    MediaStarted,
    PeerReplaced,
    ReferProgressed,
    SipEvent,
)
from sipagent.sip.settings import SipSettings
from sipagent.supervisor.forks import fork_server
from tests.ports import rtp_ports


@asynccontextmanager
async def far_end(mode: str, **settings: Any) -> AsyncIterator[str]:
    """Start a far end that does ``mode`` with every call; yield its URI."""
    defaults: dict[str, Any] = {"bind": "127.0.0.1", "port": 0, "rtp_ports": rtp_ports("far end")}
    context = fork_server()
    context.set_forkserver_preload(["sipagent.preloaded", __name__])
    ours, theirs = context.Pipe()
    process = context.Process(target=forked, args=(mode, defaults | settings, theirs))
    await asyncio.to_thread(process.start)  # waits for the server, the first time
    theirs.close()
    try:
        port = await asyncio.to_thread(ours.recv)
        yield f"sip:agent@127.0.0.1:{port}"
    finally:
        ours.close()
        await asyncio.to_thread(process.join)
        assert process.exitcode == 0


def forked(mode: str, settings: dict[str, Any], connection: Connection) -> None:
    """Run in the forked process, until the other end of ``connection`` closes."""

    def until_closed() -> None:
        with suppress(EOFError):
            connection.recv()

    asyncio.run(main(mode, SipSettings(**settings), connection.send, until_closed))


def command(mode: str, settings: dict[str, Any]) -> tuple[str, ...]:
    """Return what starts a far end; it prints its port, and ends with its standard input."""
    return sys.executable, "-m", "tests.telephony.far_end", mode, json.dumps(settings)


async def serve(leg: SipCall, mode: str) -> None:
    """Do ``mode`` with one call; where it refers to is part of it."""
    mode, _, target = mode.partition(" to ")
    match mode:
        case "busy":
            leg.reject(486)
        case "declines":
            leg.progress(180)
            leg.reject(603)
        case "early media":
            leg.progress(183)
        case "takes over":
            await take_over(leg, Path(target))
            return
        case _:
            leg.answer()
    while not isinstance(event := await leg.events.get(), Disconnected):
        refer(leg, mode, target, event)
        if isinstance(event, DtmfReceived) and event.digit == "#":
            leg.hang_up()
        if not isinstance(event, MediaStarted) or leg.media is None:
            continue
        match mode:
            case "echoes":
                await echo(leg)
                return
            case "early media" | "speaks":
                speak(leg)
            case "hangs up":
                leg.hang_up()
            case _:
                pass


def refer(leg: SipCall, mode: str, target: str, event: SipEvent | MediaFact) -> None:
    """Send a caller to ``target``, if there is one; how it leaves them is the mode's."""
    match event, mode:
        case Confirmed(), _ if target:
            leg.refer(target)
        case ReferProgressed(is_final=True), "refers and talks":
            speak(leg)
        case ItemPlayed(), "refers and talks":
            leg.hang_up()
        case ReferProgressed(), "refers and leaves":
            leg.hang_up()
        case ReferProgressed(status=status, is_final=True), _:
            if status < 300:
                leg.hang_up()
            else:
                speak(leg)
        case _:
            pass


async def take_over(leg: SipCall, path: Path) -> None:
    """Listen until somebody else takes the call over; write what was heard, and speak to them."""
    leg.accepts_replaces = True
    leg.answer()
    while not isinstance(event := await leg.events.get(), Disconnected):
        if isinstance(event, PeerReplaced) and leg.media is not None:
            writer = WavWriter(path, leg.media.rate_hz, 1)
            writer.write(np.concatenate(await leg.media.next_frames()))
            writer.close()
            speak(leg)


def speak(leg: SipCall) -> None:
    """Play a tone, far longer than whoever listens needs: the machine may be busy."""
    assert leg.media is not None
    leg.media.push("tone", tone(425, 1_500, leg.media.rate_hz))
    leg.media.finish("tone")


async def echo(leg: SipCall) -> None:
    """Play back what is heard, frame by frame, until the leg ends."""
    media = leg.media
    assert media is not None
    while frames := await media.next_frames():
        for frame in frames:
            media.push("echo", frame)


async def main(
    mode: str,
    settings: SipSettings,
    tell: Callable[[int], None],
    until_closed: Callable[[], object],
) -> None:
    """Tell the SIP port, and serve until the other side is gone."""
    loop, tasks = asyncio.get_running_loop(), set()

    def incoming(leg: SipCall) -> None:
        tasks.add(loop.create_task(serve(leg, mode), name="far end"))

    endpoint = SipEndpoint(settings, on_incoming=incoming, on_refused=lambda _: None)
    await endpoint.start()
    tell(endpoint.port)
    await asyncio.to_thread(until_closed)
    await endpoint.close()
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1],
            SipSettings(**json.loads(sys.argv[2])),
            lambda port: print(port, flush=True),
            sys.stdin.read,
        )
    )
