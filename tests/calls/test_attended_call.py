"""A call whose agent has somebody asked before the caller goes there, over a real socket."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sipagent.audio.level import dbov
from sipagent.audio.tones import tone
from sipagent.calls import facts, leg_transfer
from sipagent.calls.life_settings import LifeSettings
from sipagent.calls.line_guard import REASON
from sipagent.calls.setup import LineSetup, Prompt, Prompts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.calls.transfer_setup import TransferSetup, TransferTarget
from sipagent.errors import SipError
from sipagent.realtime.rotation import RotationSettings
from sipagent.sip.call import SipCall
from sipagent.sip.events import Held, LineStats, Progressed, Resumed
from sipagent.sip.media_port import AGENT
from sipagent.sip.media_tap import MediaTap
from tests.realtime.playbook import created, done

from .leg import FarEnd
from .talk import no_agent_voice
from .test_transferring import Talking, talking, transfer_call

TARGET = TransferTarget("sip:desk@example.com", is_attended=True, announce="A call for you.")
REFERRED = "REFER to the peer of target"
MUSIC = Prompt(tone(440, 100, 8_000), 8_000)
PROMPTS = Prompts(Prompt(tone(300, 100, 8_000), 8_000), music=MUSIC)
CANCEL = "BYE "


@pytest.fixture(autouse=True)
def briefed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make briefings tones; return the words of those that were made."""
    words: list[str] = []

    async def spoken(text: str, voice: str) -> Prompt:
        words.append(text)
        return Prompt(tone(500, 60, 8_000), 8_000)

    monkeypatch.setattr(leg_transfer, "spoken_prompt", spoken)
    monkeypatch.setattr(leg_transfer, "agent_voice", no_agent_voice)
    return words


@asynccontextmanager
async def consulting(
    folder: Path, target: TransferTarget = TARGET, *, has_line: bool = True, **setup: Any
) -> AsyncIterator[tuple[Talking, FarEnd]]:
    """Have the agent ask the target; go on once its telephone rings."""
    far_end = FarEnd("target")
    dialled = asyncio.Event()

    async def dial(uri: str, trunk: str, from_user: str) -> SipCall:
        if not has_line:
            raise SipError("too many calls")
        assert (uri, trunk, from_user) == (target.uri, "", "desk")
        far_end.leg.tell(Progressed(180))
        dialled.set()
        return far_end.leg

    transfer = TransferSetup({"desk": target})
    async with (
        far_end.clock(),
        talking(folder, dial=dial, transfer=transfer, prompts=PROMPTS, **setup) as running,
    ):
        await running.calls(transfer_call("desk", briefing="Ada has a question."))
        if has_line:
            await dialled.wait()
        yield running, far_end


async def has_sent(far_end: FarEnd, what: str) -> None:
    while what not in far_end.sent:
        await asyncio.sleep(0.005)


async def test_the_target_is_told_and_then_the_caller_goes_there(
    tmp_path: Path, briefed: list[str]
) -> None:
    async with consulting(tmp_path) as (running, target):
        names = running.told.names()
        assert names.index("TransferStarted") < names.index("TargetDialled")
        target.send_answer(200)
        await running.has_sent(REFERRED)
        assert briefed == ["A call for you. Ada has a question."]
        assert target.media.heard("briefing") == 60
        running.far_end.notifies(200)
        end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.TRANSFERRED, "to desk")
        assert target.sent[-1] == CANCEL
        assert running.far_end.sent[-1] == 'BYE Q.850;cause=16;text="transferred"'
        ended = await running.told.until(facts.TransferEnded)
        assert (ended.mode, ended.outcome, ended.status) == ("attended", "completed", 200)


async def test_the_caller_hears_music_and_the_agent_hears_nothing(tmp_path: Path) -> None:
    async with consulting(tmp_path) as (running, target):
        media = running.far_end.media
        frame = media.take_outbound()
        while dbov(frame) < -30:
            frame = media.take_outbound()
            await asyncio.sleep(0)
        for _ in range(5):
            media.give_inbound(np.full(160, 8_000, np.int16))
        appended = await running.endpoint.has_received("input_audio_buffer.append", 5)
        assert len({each["audio"] for each in appended}) == 1  # silence, and nothing but
        target.hangs_up()


@pytest.mark.parametrize(
    ("status", "outcome", "why"),
    [(486, "busy", "busy"), (603, "declined", "declined"), (480, "no_answer", "nobody answered")],
)
async def test_a_target_that_does_not_want_the_call_returns_the_caller(
    tmp_path: Path, status: int, outcome: str, why: str
) -> None:
    async with consulting(tmp_path) as (running, target):
        target.send_answer(status)
        (told,) = await running.outputs()
        assert told == f"The transfer failed: {why}. You are talking to the caller again."
        ended = await running.told.until(facts.TransferEnded)
        assert (ended.outcome, ended.status) == (outcome, status)
        await running.endpoint.has_received("response.create")
        assert not running.ended.done()
        assert running.far_end.media.is_idle  # no music any more


async def test_without_a_free_line_the_agent_is_told_so(tmp_path: Path) -> None:
    async with consulting(tmp_path, has_line=False) as (running, _):
        (told,) = await running.outputs()
        assert "no line is free" in told
        assert (await running.told.until(facts.TransferEnded)).outcome == "no_line"


async def test_a_caller_who_hangs_up_leaves_nobody_ringing(tmp_path: Path) -> None:
    async with consulting(tmp_path) as (running, target):
        running.far_end.hangs_up()
        assert (await running.ended).reason is Reason.CALLER_HUNG_UP
        assert target.sent == [CANCEL]
        assert (await running.told.until(facts.TransferEnded)).outcome == "abandoned"


async def test_a_caller_who_hangs_up_leaves_nobody_being_told(tmp_path: Path) -> None:
    async with consulting(tmp_path) as (running, target):
        target.send_answer(200)
        while target.media.heard("briefing") == 0:
            await asyncio.sleep(0)
        running.far_end.hangs_up()
        await running.ended
        assert target.sent[-1] == CANCEL


async def test_a_telephone_that_leaves_before_it_obeys_still_finds_the_target(
    tmp_path: Path,
) -> None:
    async with consulting(tmp_path) as (running, target):
        target.send_answer(200)
        await running.has_sent(REFERRED)
        running.far_end.hangs_up()
        await asyncio.sleep(0.05)
        assert CANCEL not in target.sent  # it is what the telephone is about to take over
        target.hangs_up()
        await running.ended
        assert (await running.told.until(facts.TransferEnded)).outcome == "completed"


async def test_a_target_that_drops_out_returns_the_caller(tmp_path: Path) -> None:
    keyed = TransferTarget(TARGET.uri, is_attended=True, confirm_key="1")
    async with consulting(tmp_path, keyed) as (running, target):
        target.send_answer(200)
        while target.media.heard("briefing") < 60:
            await asyncio.sleep(0)
        target.hangs_up()
        (told,) = await running.outputs()
        assert "the target hung up without taking the call" in told


async def test_the_key_takes_the_call(tmp_path: Path) -> None:
    keyed = TransferTarget(TARGET.uri, is_attended=True, confirm_key="1")
    async with consulting(tmp_path, keyed) as (running, target):
        target.send_answer(200)
        while target.media.heard("briefing") < 60:
            await asyncio.sleep(0)
        assert REFERRED not in running.far_end.sent
        target.presses("1")
        await running.has_sent(REFERRED)
        running.far_end.notifies(200)
        await running.ended


def is_loud(tap: MediaTap) -> bool:
    """Tell whether a voice went out since the last time."""
    return any(channel == AGENT and np.abs(pcm).max() > 7_000 for channel, pcm in tap.take())


async def test_two_who_cannot_be_transferred_talk_through_us(tmp_path: Path) -> None:
    bridged = TransferTarget(TARGET.uri, is_attended=True, is_bridged=True)
    async with AsyncExitStack() as stack:
        running, target = await stack.enter_async_context(consulting(tmp_path, bridged))
        target.send_answer(200)
        await running.has_sent(REFERRED)
        running.far_end.notifies(501)
        assert (await running.told.until(facts.TransferEnded)).outcome == "bridged"
        await asyncio.sleep(0.05)  # what both said before is dropped
        for speaker, listener in ((running.far_end, target), (target, running.far_end)):
            heard = listener.media.tap(1.0)  # the clock of the listener takes what goes out
            while not is_loud(heard):
                speaker.media.give_inbound(np.full(160, 8_000, np.int16))
                await asyncio.sleep(0.001)
        running.far_end.presses("5")
        while "5" not in target.digits:
            await asyncio.sleep(0.005)
        assert (await running.told.until(facts.DigitPressed)).digit == "x"
        assert not running.ended.done()
        target.hangs_up()
        assert (await running.ended).reason is Reason.TRANSFERRED


@asynccontextmanager
async def without_session(
    folder: Path, log: pytest.LogCaptureFixture
) -> AsyncIterator[tuple[Talking, FarEnd]]:
    """Lose the session for good while the target's telephone rings."""
    log.set_level(logging.INFO)
    async with consulting(folder, rotation=RotationSettings(attempts=0)) as (running, target):
        running.endpoint.kill()
        while "goes on without a session" not in log.text:
            await asyncio.sleep(0.005)
        yield running, target


async def test_a_caller_on_the_way_to_somebody_needs_no_session(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with without_session(tmp_path, caplog) as (running, target):
        target.send_answer(200)
        await running.has_sent(REFERRED)
        running.far_end.notifies(200)
        assert (await running.ended).reason is Reason.TRANSFERRED
        assert (await running.told.until(facts.TransferEnded)).outcome == "completed"


async def test_a_caller_who_comes_back_to_no_session_is_told_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with without_session(tmp_path, caplog) as (running, target):
        target.send_answer(486)
        assert (await running.ended).reason is Reason.SESSION_LOST
        assert (await running.told.until(facts.TransferEnded)).outcome == "busy"
        assert running.far_end.media.heard("apology") > 0


async def test_who_comes_back_from_hold_during_a_transfer_goes_on_hearing_music(
    tmp_path: Path,
) -> None:
    line = LineSetup(on_resume="Say that you are back.")
    async with consulting(tmp_path, line=line) as (running, target):
        for event in (Held(), Resumed()):
            running.far_end.leg.tell(event)
        await running.endpoint.has_received("conversation.item.create", 2)  # two notes
        target.send_answer(486)
        (response,) = await running.endpoint.has_received("response.create")
        assert not response["response"]  # the transfer's outcome is answered, and nothing else


async def test_a_target_whose_line_is_dead_does_not_keep_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridged = TransferTarget(TARGET.uri, is_attended=True, is_bridged=True)
    life = LifeSettings(rtp_timeout_s=0.1)
    packets = itertools.count()

    def talks(caller: FarEnd) -> None:
        dead = caller.name == "target"
        caller.leg.remember(LineStats(packets_in=7 if dead else next(packets)))

    monkeypatch.setattr(FarEnd, "measure", talks)
    async with consulting(tmp_path, bridged, life=life) as (running, target):
        target.send_answer(200)
        await running.has_sent(REFERRED)
        running.far_end.notifies(501)
        assert (await running.ended).reason is Reason.TRANSFERRED
        assert f"BYE {REASON}" in target.sent


async def test_a_second_wish_while_one_is_under_way_is_told_so(tmp_path: Path) -> None:
    async with consulting(tmp_path) as (running, target):
        again = transfer_call("desk", "call_2", briefing="Again.", response_id="resp_2")
        await running.endpoint.say(created("resp_2"), again, done("resp_2"))
        assert await running.outputs() == ["The caller is being transferred already."]
        target.send_answer(486)
        assert len(await running.outputs(2)) == 2
