"""The caller takes the floor: what is flushed, what the session is told, what is told of it."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.audio.formats import AudioFormat
from sipagent.audio.playout import Heard
from sipagent.calls import facts
from sipagent.calls.barge_in import BargeInSettings
from sipagent.realtime import events as session_events

from .talk import Interrupt, Talk, talk


async def interrupted(running: Talk, *, after_ms: int = 200, at: float | None = None) -> None:
    """Let the agent say four words in 400 ms, and the caller speak up."""
    running.says("a", "one two three four", 400)
    await running.play(after_ms)
    assert running.media.last_voiced_at is not None
    running.hear(session_events.SpeechStarted("c", 0, at or running.media.last_voiced_at))


async def test_what_was_not_heard_is_flushed_and_the_session_is_told() -> None:
    async with talk() as running:
        await interrupted(running)
        assert running.media.queued_ms == 0
        heard = Heard("a", 0, heard_ms=200, received_ms=400, finished=True)
        assert await running.session.asked.get() == Interrupt([heard], cancel=False)


async def test_a_wideband_call_counts_the_same_milliseconds() -> None:
    async with talk(AudioFormat.PCM24, 16_000) as running:
        await interrupted(running)
        heard = Heard("a", 0, heard_ms=200, received_ms=400, finished=True)
        assert await running.session.asked.get() == Interrupt([heard], cancel=False)


async def test_an_answer_that_waits_behind_another_is_told_as_unheard() -> None:
    async with talk() as running:
        running.says("a", "one two", 100)
        running.says("b", "three", 100, response_id="r2")
        await running.play(60)
        running.hear(session_events.SpeechStarted("c", 0, at=1.0))
        asked = await running.session.asked.get()
        assert isinstance(asked, Interrupt)
        assert [(each.item_id, each.heard_ms) for each in asked.heard] == [("a", 60), ("b", 0)]
        assert [each.heard for each in running.facts(facts.AgentSaid)] == ["one", ""]


async def test_the_words_that_were_heard_are_told_at_once_the_figures_once_it_is_silent() -> None:
    async with talk() as running:
        await interrupted(running)
        assert running.told[-2:] == [
            facts.CallerSpeechStarted("c"),
            facts.AgentSaid("a", "Reception", "one two three four", "one two", 200, True),
        ]
        running.settle()
        (barge_in,) = running.facts(facts.BargedIn)
        assert (barge_in.item_id, barge_in.heard_ms) == ("a", 200)
        assert running.conversation.deadline() is None


async def test_the_time_to_silence_ends_with_the_last_voiced_frame() -> None:
    async with talk() as running:
        running.says("a", "one two three four", 400)
        await running.play(200)
        assert running.media.last_voiced_at is not None
        before = running.media.last_voiced_at - 0.04
        running.hear(session_events.SpeechStarted("c", 0, before))
        running.settle()
        assert running.facts(facts.BargedIn)[0].stop_ms == 40


async def test_figures_are_not_told_before_the_fade_is_out() -> None:
    async with talk() as running:
        await interrupted(running)
        deadline = running.conversation.deadline()
        assert deadline is not None
        running.conversation.handle_timer(deadline - 0.001)
        assert running.facts(facts.BargedIn) == []


async def test_an_interruption_just_before_the_end_of_the_call_is_told_too() -> None:
    async with talk() as running:
        await interrupted(running)
        running.conversation.finish()
        running.conversation.finish()
        assert len(running.facts(facts.BargedIn)) == 1


async def test_speech_that_must_last_interrupts_at_its_deadline_and_cancels() -> None:
    async with talk(barge_in=BargeInSettings(confirm_ms=200)) as running:
        await interrupted(running, at=1.0)
        assert running.conversation.deadline() == 1.2
        running.conversation.handle_timer(1.1)  # the timer of something else
        assert running.media.queued_ms == 200
        running.conversation.handle_timer(1.2)
        assert running.media.queued_ms == 0
        asked = await running.session.asked.get()
        assert isinstance(asked, Interrupt) and asked.cancel


async def test_a_backchannel_is_told_but_changes_nothing() -> None:
    async with talk(barge_in=BargeInSettings(confirm_ms=200)) as running:
        await interrupted(running, at=1.0)
        running.hear(session_events.SpeechStopped("c", 0, at=1.1))
        assert running.conversation.deadline() is None
        assert running.media.queued_ms == 200
        await asyncio.sleep(0)
        assert running.session.asked.empty()


async def test_speech_after_the_agents_last_word_interrupts_nothing() -> None:
    async with talk() as running:
        running.says("a", "Hello.", 100)
        await running.play(120)
        running.hear(session_events.SpeechStarted("c", 0, at=1.0))
        await asyncio.sleep(0)
        assert running.session.asked.empty()
        assert running.conversation.deadline() is None


async def test_late_audio_of_the_answer_that_was_cut_off_is_not_played() -> None:
    async with talk() as running:
        running.hear(session_events.ResponseStarted("r1", 0.0))
        delta = session_events.AudioDelta("r1", "a", 0, b"\x00" * 1_600, 0.0)
        running.hear(delta)
        await running.play(100)
        running.hear(session_events.SpeechStarted("c", 0, at=1.0), delta)
        assert running.media.queued_ms == 0
        running.says("b", "A new answer.", 100, response_id="r2")
        assert running.media.queued_ms == 100


async def test_a_first_frame_told_after_the_flush_gives_the_agent_no_floor() -> None:
    async with talk() as running:
        await interrupted(running)
        await running.session.asked.get()
        running.hear(session_events.SpeechStopped("c", 0, at=1.0))
        running.media.take_outbound()  # the fade
        running.conversation.first_frame_played("a", 1.0)
        running.hear(session_events.SpeechStarted("d", 0, at=2.0))
        await asyncio.sleep(0)
        assert running.session.asked.empty()


@pytest.mark.parametrize(("item_id", "errors_ms"), [("a", [-20]), ("x", [])])
async def test_the_position_the_endpoint_confirms_is_compared_with_what_was_heard(
    item_id: str, errors_ms: list[int]
) -> None:
    async with talk() as running:
        await interrupted(running)
        running.hear(session_events.ItemTruncated(item_id, 180, at=1.0))
        running.hear(session_events.ItemTruncated(item_id, 180, at=1.1))
        assert [each.error_ms for each in running.facts(facts.TruncateConfirmed)] == errors_ms
