"""The benchmark of sessions: what it times is what a session does."""

from __future__ import annotations

import json

import pytest

from benchmarks import session
from benchmarks.metronome import audio_delta, running_metronome
from benchmarks.session import FellBehind, Sessions, answer, drain, new_core, timed_us
from sipagent.audio.formats import AudioFormat
from sipagent.realtime.events import AgentTranscript, AudioDelta, ResponseDone


async def test_a_delta_that_is_timed_is_told_as_audio() -> None:
    core = await new_core(AudioFormat.PCMU)
    core.receive(json.dumps(audio_delta(160)), now=0.0)
    told = core.out.take_events()
    assert [len(each.audio) for each in told if isinstance(each, AudioDelta)] == [160]


async def test_an_answer_that_is_timed_is_heard_and_read_to_its_end() -> None:
    core = await new_core(AudioFormat.PCMU)
    for message in answer():
        core.receive(message, now=0.0)
    kinds = [type(each) for each in core.out.take_events()]
    assert kinds.count(AudioDelta) == 150
    assert {AgentTranscript, ResponseDone} <= set(kinds)
    assert drain(core) == 0


def test_a_sample_is_the_mean_of_a_batch() -> None:
    done: list[None] = []
    (sample,) = timed_us(lambda: done.append(None), batches=1)
    assert len(done) == 1_001
    assert 0 < sample < 100


async def test_sessions_that_hear_and_are_heard_cost_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # So short a time is no measure of keeping up: one pause of the machine is half of it.
    monkeypatch.setattr(session, "LOST_AT_MOST", 1.0)
    async with running_metronome() as url:
        sessions = Sessions(url, AudioFormat.PCM24)
        percent, memory_mb = await sessions.cost(2, 0.5)
    assert min(sessions.received, sessions.sent) > 20
    assert 0 < percent < 200
    assert memory_mb > 5


async def test_sessions_that_hear_too_little_are_no_figure() -> None:
    async with running_metronome() as url:
        sessions = Sessions(url, AudioFormat.PCMU, tick_s=0.01)
        with pytest.raises(FellBehind, match=r"1 sessions: \d+ deltas and \d+ appends of \d+"):
            await sessions.cost(1, 0.5)
