"""An endpoint that refuses, hangs, lies or dies: the caller hears the apology and is released."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.level import dbov
from tests.fakes.faulty_endpoint import SAID, FaultyEndpoint, faulty_endpoint
from tests.telephony.rtp import RtpPeer, heard
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import LOOK_AGAIN_S, Appliance, appliance

pytestmark = needs_sipp

RELEASED_WITHIN_S = 3.0
"""From the detection of the fault to BYE."""

RECONNECT_WITHIN_S = 1.5
"""When a session that is lost is known to be lost for good, at the latest."""

SLACK_S = 1.5
"""This machine is shared."""


async def call_that_is_released(running: Appliance, folder: Path) -> tuple[RtpPeer, float]:
    """Call until the appliance hangs up; return what was heard and how long the call took."""
    async with RtpPeer() as peer:
        began = asyncio.get_running_loop().time()
        async with Sipp("waits_for_bye", running.sip_port, folder, rtp_port=peer.port) as caller:
            await caller.succeeds()
        return peer, asyncio.get_running_loop().time() - began


def voiced_s(peer: RtpPeer) -> float:
    """Return for how long something was heard."""
    levels = [dbov(pcmu_to_pcm(packet.payload)) for packet in peer.packets]
    return 0.02 * int(np.sum(np.array(levels) > -45))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def impatient(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[FaultyEndpoint, Appliance]]:
    """An appliance that waits a second for its endpoint; each test makes that one fail anew."""
    folder = tmp_path_factory.mktemp("impatient")
    async with (
        faulty_endpoint() as endpoint,
        appliance(folder, realtime_url=endpoint.url, ready_within_s=1.0) as running,
    ):
        yield endpoint, running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("fault", "reason", "detected_after_s"),
    [
        ("refuse", "session_refused", 0),
        ("hang", "session_timeout", 1),
        ("silent", "session_timeout", 1),
    ],
)
async def test_an_endpoint_that_never_comes_up_is_apologised_for(
    impatient: tuple[FaultyEndpoint, Appliance],
    tmp_path: Path,
    fault: str,
    reason: str,
    detected_after_s: float,
) -> None:
    endpoint, running = impatient
    endpoint.fault = fault
    before = len(running.records())
    series = f'sipagent_calls_total{{plan="test",reason="{reason}",result="failed"}}'
    counted = await running.series(series)
    peer, took_s = await call_that_is_released(running, tmp_path)
    *_, record = await running.until_records(before + 1)
    assert voiced_s(peer) > 0.7  # the apology, in words
    assert took_s < detected_after_s + RELEASED_WITHIN_S + SLACK_S
    assert (record["result"], record["reason"]) == ("failed", reason)
    assert await running.series(series) == counted + 1


async def test_a_plan_may_refuse_the_call_instead(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint:
        endpoint.fault = "refuse"
        async with appliance(
            tmp_path, realtime_url=endpoint.url, when_not_ready="refuse"
        ) as running:
            async with Sipp("is_refused", running.sip_port, tmp_path, status=503) as caller:
                await caller.succeeds()
            (record,) = await running.until_records(1)
            assert (record["result"], record["sip_status"]) == ("failed", 503)


async def test_an_endpoint_that_dies_in_mid_call_takes_that_call_only(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint, RtpPeer() as first, RtpPeer() as second:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        async with (
            appliance(tmp_path, realtime_url=endpoint.url) as running,
            Sipp("waits_for_bye", running.sip_port, tmp_path / "a", rtp_port=first.port) as doomed,
        ):
            await first.until(50)
            async with Sipp(
                "waits_for_bye", running.sip_port, tmp_path / "b", rtp_port=second.port
            ) as unharmed:
                await second.until(50)
                died_at = asyncio.get_running_loop().time()
                endpoint.fault = "refuse"
                endpoint.kill(0)
                await doomed.succeeds()
                released_s = asyncio.get_running_loop().time() - died_at
                assert released_s < RECONNECT_WITHIN_S + RELEASED_WITHIN_S + SLACK_S
                await second.until(200)
                await running.hang_up(1)
                await unharmed.succeeds()
            records = await running.until_records(2)
            assert [record["reason"] for record in records] == ["session_lost", "operator_hung_up"]
            gaps = np.diff([packet.timestamp for packet in second.packets])
            assert (gaps == 160).all()
            levels = [dbov(heard([packet], pcmu_to_pcm)) for packet in second.packets[60:]]
            assert min(levels) > -20  # the tone went on without a hole


async def test_a_call_goes_on_over_another_session_when_its_own_dies(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint, RtpPeer() as peer:
        endpoint.tone_ms = 600
        async with (
            appliance(tmp_path, realtime_url=endpoint.url) as running,
            Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=peer.port) as call,
        ):
            await running.until(lambda: voiced_s(peer), lambda seconds: seconds >= 0.5)
            await peer.until(len(peer.packets) + 20)  # the tone is over
            endpoint.fault = "wait"
            endpoint.kill(0)
            greeted_s = voiced_s(peer)
            await running.until(lambda: voiced_s(peer), lambda heard_s: heard_s > greeted_s + 0.3)
            endpoint.may_enter.set()
            await running.until(lambda: len(endpoint.sessions), lambda sessions: sessions == 2)
            replaced = "sipagent_realtime_reconnects_total"
            while not await running.series(f'{replaced}{{reason="lost"}}'):
                await asyncio.sleep(LOOK_AGAIN_S)
            items = [each["item"] for each in endpoint.received if "item" in each]
            assert [(item["role"], item["content"][0]["text"]) for item in items] == [
                ("assistant", SAID)
            ]
            before_s = voiced_s(peer)
            await endpoint.speak(endpoint.sessions[1])
            await running.until(lambda: voiced_s(peer), lambda heard_s: heard_s > before_s + 0.5)
            await running.hang_up(1)
            await call.succeeds()
            (record,) = await running.until_records(1)
            assert (record["result"], record["reason"]) == ("completed", "operator_hung_up")
            (reconnect,) = record["reconnects"]
            assert reconnect["reason"] == "lost" and reconnect["outage_ms"] >= 300
            assert [turn["said"] for turn in record["turns"]] == [SAID, SAID]


async def test_an_endpoint_that_hangs_after_a_session_died_is_apologised_for(
    tmp_path: Path,
) -> None:
    async with faulty_endpoint() as endpoint, RtpPeer() as peer:
        endpoint.tone_ms = 600
        async with (
            appliance(tmp_path, realtime_url=endpoint.url) as running,
            Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=peer.port) as doomed,
        ):
            await running.until(lambda: voiced_s(peer), lambda seconds: seconds >= 0.5)
            endpoint.fault = "hang"
            died_at = asyncio.get_running_loop().time()
            endpoint.kill(0)
            await doomed.succeeds()
            released_s = asyncio.get_running_loop().time() - died_at
            apologised_s = released_s - RECONNECT_WITHIN_S
            assert 0 < apologised_s < RELEASED_WITHIN_S + SLACK_S
            (record,) = await running.until_records(1)
            assert (record["result"], record["reason"]) == ("failed", "session_lost")
            assert voiced_s(peer) > 0.6 + 0.7 + 0.3  # the tone, the apology, and a filler before


async def test_nonsense_from_the_endpoint_ends_nothing(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint, RtpPeer() as peer:
        endpoint.fault = "lie"
        async with (
            appliance(tmp_path, realtime_url=endpoint.url) as running,
            Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=peer.port) as call,
        ):
            await running.until(lambda: voiced_s(peer), lambda seconds: seconds > 0.7)
            await running.hang_up(1)
            await call.succeeds()
            (record,) = await running.until_records(1)
            assert record["reason"] == "operator_hung_up"
