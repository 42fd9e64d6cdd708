"""The media port without PJSIP: the test is the conference clock."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sipagent.audio.frames import Pcm, frame_samples
from sipagent.sip.events import FirstFramePlayed, ItemPlayed, MediaFact
from sipagent.sip.media_port import AGENT, CALLER, INBOUND_CAPACITY_S, MediaPort

RATE_HZ = 8_000
CAPACITY = INBOUND_CAPACITY_S * 50


def frame(value: int = 1) -> Pcm:
    """Return 20 ms of ``value``."""
    return np.full(frame_samples(RATE_HZ), value, np.int16)


@pytest.fixture
async def facts() -> list[MediaFact]:
    """Return where media facts go."""
    return []


@pytest.fixture
async def port(facts: list[MediaFact]) -> MediaPort:
    """Return a port of the running loop."""
    return MediaPort(RATE_HZ, asyncio.get_running_loop(), facts.append)


def names(facts: list[MediaFact]) -> list[tuple[type[MediaFact], str]]:
    """Return kind and item of each fact."""
    return [(type(fact), fact.item_id) for fact in facts]


async def test_an_item_is_told_at_its_first_and_last_frame(
    port: MediaPort, facts: list[MediaFact]
) -> None:
    assert not port.take_outbound().any()
    assert port.last_voiced_at is None
    port.push("a", np.concatenate([frame(), frame()]))
    port.finish("a")
    assert port.take_outbound().all()
    await asyncio.sleep(0)
    assert names(facts) == [(FirstFramePlayed, "a")]
    assert port.take_outbound().all()
    await asyncio.sleep(0)
    assert names(facts)[1:] == [(ItemPlayed, "a")]
    assert port.heard("a") == 40
    assert port.last_voiced_at is not None
    assert port.is_idle


async def test_an_item_that_ends_after_its_audio_is_told_at_once(
    port: MediaPort, facts: list[MediaFact]
) -> None:
    port.push("a", frame())
    port.take_outbound()
    port.finish("a")
    await asyncio.sleep(0)
    assert names(facts) == [(FirstFramePlayed, "a"), (ItemPlayed, "a")] or names(facts) == [
        (ItemPlayed, "a"),
        (FirstFramePlayed, "a"),
    ]


async def test_a_flush_tells_what_was_heard_and_leaves_silence(port: MediaPort) -> None:
    port.push("a", np.concatenate([frame(1_000)] * 5))
    port.take_outbound()
    (cut,) = port.flush()
    assert (cut.item_id, cut.heard_ms, cut.received_ms) == ("a", 20, 100)
    tail = port.take_outbound()
    assert tail[0] > 900
    assert not tail[RATE_HZ * 5 // 1000 :].any()
    assert not port.take_outbound().any()
    assert port.flush() == []


async def test_a_reader_gets_all_that_waits_and_then_the_end(port: MediaPort) -> None:
    port.give_inbound(frame(1))
    port.give_inbound(frame(2))
    assert [int(each[0]) for each in await port.next_frames()] == [1, 2]
    reading = asyncio.get_running_loop().create_task(port.next_frames(), name="reader")
    await asyncio.sleep(0)
    port.give_inbound(frame(3))
    assert [int(each[0]) for each in await reading] == [3]
    port.give_inbound(frame(4))
    port.close()
    assert len(await port.next_frames()) == 1
    assert await port.next_frames() == []
    assert await port.next_frames() == []


async def test_what_nobody_reads_drops_the_oldest_and_is_counted(port: MediaPort) -> None:
    for value in range(CAPACITY + 3):
        port.give_inbound(frame(value))
    assert (port.frames_in, port.dropped_frames) == (CAPACITY + 3, 3)
    frames = await port.next_frames()
    assert len(frames) == CAPACITY
    assert int(frames[0][0]) == 3


async def test_a_tap_has_both_directions_from_then_on(port: MediaPort) -> None:
    port.give_inbound(frame())
    tap = port.tap(1.0)
    port.give_inbound(frame(7))
    later = port.tap(1.0)
    port.push("a", frame(9))
    port.take_outbound()
    assert [(channel, int(pcm[0])) for channel, pcm in tap.take()] == [(CALLER, 7), (AGENT, 9)]
    assert [channel for channel, _ in later.take()] == [AGENT]
    assert tap.take() == []


async def test_a_tap_that_nobody_takes_from_keeps_the_latest(port: MediaPort) -> None:
    tap = port.tap(0.04)
    for value in range(9):
        port.give_inbound(frame(value))
    assert [int(pcm[0]) for _, pcm in tap.take()] == [5, 6, 7, 8]


async def test_a_pause_inside_an_unfinished_item_is_starvation(port: MediaPort) -> None:
    port.push("a", frame())
    port.take_outbound()
    port.take_outbound()
    assert port.starved_frames > 0
    port.push("a", frame())
    port.finish("a")
    starved = port.starved_frames
    port.take_outbound()
    port.take_outbound()
    assert port.starved_frames == starved


async def test_a_clock_that_outlives_the_loop_is_harmless() -> None:
    loop = asyncio.new_event_loop()
    port = MediaPort(RATE_HZ, loop, lambda _: None)
    loop.close()
    port.push("a", frame())
    port.give_inbound(frame())
    assert port.take_outbound().all()
