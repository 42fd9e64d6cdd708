"""Why a call is silent, and how its line was: over SIP and RTP, with an endpoint that notes all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone
from sipagent.calls import facts, line_watch
from sipagent.sip.call import SipCall
from sipagent.sip.events import LineStats
from tests.calls.talk import call_setup

from .agent_call import AgentDesk, agent_desk
from .baresip import baresip, needs_baresip
from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .harness import becomes, until
from .rtp import SAMPLES_PER_PACKET, RtpPeer

SILENCE = bytes([0xFF] * SAMPLES_PER_PACKET)


def packets(level_dbov: float, duration_ms: int = 400) -> Iterator[bytes]:
    """Return packets of a tone."""
    pcm = tone(425, duration_ms, 8_000, level_dbov=level_dbov)
    for start in range(0, len(pcm), SAMPLES_PER_PACKET):
        yield pcm_to_pcmu(pcm[start : start + SAMPLES_PER_PACKET])


def causes(desk: AgentDesk) -> list[str]:
    """Return what was named."""
    return [fact.cause for _, fact in desk.told.facts if isinstance(fact, facts.SilenceNamed)]


@asynccontextmanager
async def called(
    folder: Path, **setup: Any
) -> AsyncIterator[tuple[AgentDesk, RtpPeer, tuple[str, int]]]:
    """Call an agent; yield its desk, the caller's media and where to send; hang up at the end."""
    async with (
        agent_desk(folder, call_setup(**setup)) as desk,
        SipSocket(desk.board.endpoint.port) as peer,
        RtpPeer() as phone,
    ):
        caller = Dialog(peer)
        caller.send("INVITE", sdp(port=phone.port))
        await caller.accepted()
        yield desk, phone, await phone.destination()
        caller.send("BYE")
        await caller.response("BYE")
        await desk.told.until(facts.CallEnded)


async def test_the_cause_of_a_silence_is_taken_back_with_the_first_sound(tmp_path: Path) -> None:
    async with called(tmp_path) as (desk, phone, to):
        named = await desk.told.until(facts.SilenceNamed)
        await phone.send(packets(-20.0), to)
        over = await desk.told.until(facts.SilenceOver)
    assert named.cause == over.cause == "no_rtp"
    assert over.silent_ms >= 2_000
    names = desk.told.names()
    assert names[: names.index("SilenceOver")].count("SilenceNamed") == 1


async def test_an_agent_that_does_not_greet_is_named(tmp_path: Path) -> None:
    async with called(tmp_path, greeting="Greet.") as (desk, phone, to):
        sending = asyncio.ensure_future(phone.send(iter(lambda: SILENCE, None), to))
        await until(lambda: "agent_silent" in causes(desk))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_clean_line_is_judged_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_watch, "LOOKS_PER_TOLD", 2)
    async with called(tmp_path) as (desk, phone, to):
        await phone.send(packets(-20.0, 1_000), to)
        seen = await desk.told.until(facts.LineSeen)
        line_before = [*desk.told.names()]
    assert seen.packets_out > 0 and seen.lost_in == 0
    line = await desk.told.until(facts.LineMeasured)
    assert "LineMeasured" not in line_before
    assert line.packets_in >= 50 and line.lost_in == 0
    assert line.mos_in is not None and line.mos_in > 4.3
    assert line.mos_out is None  # nobody reported on it
    assert line.level_in_dbov == pytest.approx(-20.0, abs=4.0)  # gaps of a busy machine count
    assert line.clipped_in_percent == 0.0
    assert desk.told.names()[-1] == "CallEnded"


async def test_loss_and_clipping_show_in_the_figures(tmp_path: Path) -> None:
    async with called(tmp_path) as (desk, phone, to):
        loud = pcm_to_pcmu(
            np.clip(tone(425, 20, 8_000, level_dbov=-1.0).astype(int) * 6, -32_124, 32_124).astype(
                np.int16
            )
        )
        for _ in range(10):
            await phone.send(iter([loud] * 9), to)
            phone.skip_packet()
    line = await desk.told.until(facts.LineMeasured)
    assert line.lost_in == pytest.approx(9, abs=1)
    assert line.mos_in is not None and 2.5 < line.mos_in < 3.9
    assert line.clipped_in_percent > 10  # of all that was heard, gaps included


async def test_what_the_far_end_lost_is_told_by_its_reports(tmp_path: Path) -> None:
    async with called(tmp_path) as (desk, phone, to):
        (leg,) = desk.legs
        sent = await phone.until(25)
        phone.report(to, lost=5, highest=sent[-1].sequence)
        await measured(leg, lambda line: line.reports_in == 1)
    line = await desk.told.until(facts.LineMeasured)
    assert line.lost_out == 5
    assert line.mos_out is not None and line.mos_out < 4.0


@needs_baresip
async def test_a_softphone_reports_on_what_it_hears(tmp_path: Path) -> None:
    async with agent_desk(tmp_path, call_setup()) as desk:
        async with baresip(f"sip:agent@127.0.0.1:{desk.board.endpoint.port}", tmp_path):
            await desk.told.until(facts.CallAnswered)
            (leg,) = desk.legs
            await measured(leg, lambda line: line.rtt_ms > 0)  # its report after 5 or 10 s
        line = await desk.told.until(facts.LineMeasured)
    assert line.lost_out < line.packets_out / 10  # what a busy machine has not read yet counts
    assert line.mos_out is not None and line.mos_out > 3.5


async def measured(leg: SipCall, holds: Callable[[LineStats], bool]) -> None:
    """Wait until the figures of a leg are such."""

    async def seen() -> bool:
        leg.refresh_stats()
        return holds(leg.stats())

    await becomes(seen, True)
