"""``sipagent engine --sip``: a phone calls, a webhook tells, the official client decides."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from openai import ConflictError, NotFoundError

from tests.cli.program import Ended
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .engine import Engine, running_engine, says, until_voice
from .receiver import Received

pytestmark = [needs_sipp, pytest.mark.asyncio(loop_scope="module")]

TARGET = "sip:berta@192.0.2.7"
MODEL = "gpt-realtime"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """Run the engine of most tests here."""
    async with running_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture
def engine(shared: Engine) -> Engine:
    """Return the engine, whose receiver has got nothing yet."""
    shared.receiving.expect()
    return shared


async def accept(engine: Engine, call_id: str) -> None:
    await engine.openai.realtime.calls.accept(call_id, type="realtime", model=MODEL)


def troubles(outcome: Ended) -> list[str]:
    """Return what was logged of trouble; PJSIP may have tried another port first."""
    words = ("WARNING", "ERROR", "Traceback")
    return [line for line in outcome.errors if any(word in line for word in words)]


async def test_it_says_where_it_is(engine: Engine) -> None:
    assert engine.announcement.startswith("engine: ws://127.0.0.1:")
    where = f"/v1/realtime ; SIP on 127.0.0.1:{engine.sip_port}, webhooks to "
    assert engine.announcement.endswith(where + engine.receiving.url)


async def test_an_accepted_caller_hears_the_agent_until_it_is_hung_up(
    engine: Engine, tmp_path: Path
) -> None:
    async with (
        RtpPeer() as caller,
        Sipp("waits_for_bye", engine.sip_port, tmp_path, rtp_port=caller.port) as sipp,
    ):
        call_id = await engine.call_id()
        await accept(engine, call_id)
        async with engine.openai.realtime.connect(call_id=call_id) as connection:
            assert (await connection.recv()).type == "session.created"
            await says(connection, "Good morning, this is the front desk speaking.")
            await until_voice(caller)
            await engine.openai.realtime.calls.hangup(call_id)
            seen = [event.type async for event in connection]
        await sipp.succeeds()
        assert "output_audio_buffer.started" in seen
        assert "response.output_audio.delta" not in seen
        with pytest.raises(NotFoundError):
            await engine.openai.realtime.calls.hangup(call_id)


async def test_the_webhook_tells_who_calls(engine: Engine, tmp_path: Path) -> None:
    async with Sipp("cancels", engine.sip_port, tmp_path) as sipp:
        (request, *_) = await engine.receiving.until(1)
        event = request.unwrap()
        await sipp.succeeds()
    assert event.data.call_id.startswith("rtc_")
    assert event.data.sip_media_security == "rtp"
    headers = {header.name: header.value for header in event.data.sip_headers}
    assert headers["From"].startswith('"Ada L." <sip:+4915112@')
    assert headers["To"].startswith("<sip:agent@")
    assert headers["X-Room"] == "7"


async def test_a_key_is_told_to_who_is_attached(engine: Engine, tmp_path: Path) -> None:
    async with (
        RtpPeer() as caller,
        Sipp("waits_for_bye", engine.sip_port, tmp_path, rtp_port=caller.port) as sipp,
    ):
        call_id = await engine.call_id()
        await accept(engine, call_id)
        async with engine.openai.realtime.connect(call_id=call_id) as connection:
            await caller.press("5", await caller.destination())
            async for event in connection:
                if event.type == "input_audio_buffer.dtmf_event_received":
                    assert event.event == "5"
                    break
        await engine.openai.realtime.calls.hangup(call_id)
        await sipp.succeeds()


async def test_a_rejected_caller_sees_the_status(engine: Engine, tmp_path: Path) -> None:
    async with Sipp("is_refused", engine.sip_port, tmp_path, status=486) as sipp:
        await engine.openai.realtime.calls.reject(await engine.call_id(), status_code=486)
        await sipp.succeeds()


async def test_who_decides_before_the_webhook_is_answered_gets_its_answer_out(
    tmp_path: Path,
) -> None:
    async with running_engine(tmp_path) as engine:

        async def reject(received: Received) -> None:
            await engine.openai.realtime.calls.reject(received.unwrap().data.call_id)

        engine.receiving.on_received = reject
        async with Sipp("is_refused", engine.sip_port, tmp_path, status=603) as sipp:
            await sipp.succeeds()
        engine.program.signal(signal.SIGTERM)
        outcome = await engine.program.end()
    assert len(engine.receiving.received) == 1
    assert troubles(outcome) == []
    assert [line for line in outcome.errors if " > webhook " in line]


async def test_a_caller_is_sent_elsewhere_before_the_answer(engine: Engine, tmp_path: Path) -> None:
    async with Sipp("is_redirected", engine.sip_port, tmp_path, target=TARGET) as sipp:
        await engine.openai.realtime.calls.refer(await engine.call_id(), target_uri=TARGET)
        await sipp.succeeds()


async def test_an_accepted_caller_is_referred_and_let_go(engine: Engine, tmp_path: Path) -> None:
    async with Sipp("is_referred", engine.sip_port, tmp_path, target=TARGET) as sipp:
        call_id = await engine.call_id()
        await accept(engine, call_id)
        await engine.openai.realtime.calls.refer(call_id, target_uri=TARGET)
        await sipp.succeeds()


async def test_a_receiver_that_failed_first_decides_later(engine: Engine, tmp_path: Path) -> None:
    engine.receiving.expect(500)
    async with Sipp("is_refused", engine.sip_port, tmp_path, status=404) as sipp:
        first, second = await engine.receiving.until(2)
        assert first.unwrap() == second.unwrap()
        await engine.openai.realtime.calls.reject(await engine.call_id(), status_code=404)
        await sipp.succeeds()


async def test_a_caller_nobody_decides_about_is_let_go_and_is_gone(tmp_path: Path) -> None:
    async with (
        running_engine(tmp_path, ring_limit_s=1) as engine,
        Sipp("is_refused", engine.sip_port, tmp_path, status=480) as sipp,
    ):
        call_id = await engine.call_id()
        await sipp.succeeds()
        with pytest.raises(NotFoundError):
            await accept(engine, call_id)


async def test_a_caller_who_gave_up_is_gone(engine: Engine, tmp_path: Path) -> None:
    async with Sipp("cancels", engine.sip_port, tmp_path) as sipp:
        call_id = await engine.call_id()
        await sipp.succeeds()
        with pytest.raises(NotFoundError):
            while True:  # the engine may learn of it a moment after the caller's phone
                with suppress(ConflictError):
                    await accept(engine, call_id)


async def test_an_engine_that_is_told_to_end_hangs_up_first(tmp_path: Path) -> None:
    async with (
        running_engine(tmp_path) as engine,
        RtpPeer() as caller,
        Sipp("waits_for_bye", engine.sip_port, tmp_path, rtp_port=caller.port) as sipp,
    ):
        await accept(engine, await engine.call_id())
        await caller.until(1)
        engine.program.signal(signal.SIGTERM)
        await sipp.succeeds()
        outcome = await engine.program.end()
    assert outcome.status == 0
    assert outcome.errors[-1].endswith("= engine ended")
    assert troubles(outcome) == []
