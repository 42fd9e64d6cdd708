"""The caller written by hand, calling a real SIP endpoint."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.caller import Caller, calling
from benchmarks.marks import marked, quiet, spans
from benchmarks.rtp import joined
from benchmarks.user_agent import CallRefused, UserAgent, parse
from sipagent.audio.frames import Pcm
from sipagent.audio.tones import tone
from tests.telephony.harness import switchboard, told, until


async def heard_loud(caller: Caller) -> Pcm:
    """Wait until the caller hears a tone to its end; return all it heard."""

    def is_over() -> bool:
        voiced = [packet.is_voiced for packet in caller.media.received]
        return any(voiced) and not voiced[-1]

    await until(is_over)
    return joined(caller.media.received)


async def test_a_call_is_heard_both_ways() -> None:
    async with switchboard() as board:
        target = ("127.0.0.1", board.endpoint.port)
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(board.answered(), name="answering")
            async with calling(target, marked) as caller:
                media = (await answering).media
                assert media is not None
                media.push("hello", tone(425, 200, 8_000))
                media.finish("hello")
                (span,) = spans(await heard_loud(caller))
                assert span.length_ms == pytest.approx(200, abs=2)
                frames: list[Pcm] = []
                while not any(len(spans(frame)) for frame in frames):
                    frames += await media.next_frames()


async def test_the_caller_hangs_up_when_done() -> None:
    async with switchboard() as board:
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(board.answered(), name="answering")
            async with calling(("127.0.0.1", board.endpoint.port), quiet):
                leg = await answering
        assert (await told(leg, "Disconnected")).by_peer is True
        await until(lambda: board.endpoint.calls_in_use == 0)


async def test_the_caller_notices_that_the_other_hung_up() -> None:
    async with switchboard() as board, asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(board.answered(), name="answering")
        async with calling(("127.0.0.1", board.endpoint.port), quiet) as caller:
            (await answering).hang_up()
            await caller.agent.ended.wait()


async def test_a_refusal_is_told() -> None:
    async with switchboard() as board:
        board.endpoint.drain(30)
        with pytest.raises(CallRefused, match="503"):
            async with calling(("127.0.0.1", board.endpoint.port), quiet):
                pass


async def test_options_are_answered() -> None:
    async with switchboard() as board:
        agent = UserAgent(("127.0.0.1", board.endpoint.port))
        await agent.open()
        assert await agent.options() == 200
        agent.close()


def test_a_message_is_read_as_far_as_needed() -> None:
    message = parse(b"SIP/2.0 180 Ringing\r\nVia: a\r\nVIA: b\r\nCSeq: 1 INVITE\r\n\r\nbody")
    assert (message.status, message.headers["via"], message.body) == (180, "a", "body")
    assert parse(b"BYE sip:a@b SIP/2.0\r\n\r\n").status == 0
