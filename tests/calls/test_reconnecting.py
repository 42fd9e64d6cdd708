"""A conversation whose session is lost and replaced: what is heard, and what is told of it."""

from __future__ import annotations

import pytest

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.level import dbov
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.agent_audio import HoldSettings
from sipagent.calls.events import AgentFellSilent, SessionFailed
from sipagent.calls.setup import Prompt, Prompts
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.rotation import RotationSettings

from .talk import Talk, response_done, talk

LOST_AT = 5.0
LOST = ConnectionLost(1006, "gone (close code 1006)", LOST_AT)
BACK = Reconnected("gone", LOST_AT + 0.42)


def begins(running: Talk, duration_ms: int, item_id: str = "a") -> None:
    """Let an answer begin whose end does not come."""
    audio = Encoder(AudioFormat.PCMU, 8_000).encode(tone(400, duration_ms, 8_000))
    running.hear(
        session_events.ResponseStarted("r1", 0.0),
        session_events.AudioDelta("r1", item_id, 0, audio, 0.0),
        session_events.AgentTranscriptDelta("r1", item_id, "Your order left", 0.0),
    )


def is_heard(running: Talk) -> bool:
    """Return whether the next frame has sound in it."""
    return dbov(running.media.take_outbound()) > -45


async def test_a_loss_and_its_end_are_told_with_how_long_it_took() -> None:
    async with talk() as running:
        running.hear(LOST, BACK)
        assert running.told == [
            facts.SessionLost("gone (close code 1006)"),
            facts.SessionReplaced("lost", 420),
        ]
        assert not any(isinstance(each, SessionFailed) for each in running.posted)


async def test_a_replacement_before_the_end_is_told_as_such() -> None:
    async with talk() as running:
        running.hear(Reconnected("expiry", 7.0))
        assert running.told == [facts.SessionReplaced("expiry", 0)]


async def test_the_filler_is_heard_again_and_again_until_the_session_is_back() -> None:
    async with talk() as running:
        running.hear(LOST)
        await running.play(100)
        assert not is_heard(running)
        running.settle()
        for _ in range(3):
            assert is_heard(running)
            assert running.conversation.is_silent  # nobody waits for the end of it
            await running.play(100)
        running.hear(BACK)
        running.media.take_outbound()  # the end fades
        assert not is_heard(running)
        assert running.conversation.is_silent
        assert running.facts(facts.AgentSoundStarted) == []
        assert running.facts(facts.AgentSaid) == []


async def test_who_waits_for_somebody_else_hears_no_filler() -> None:
    async with talk() as running:
        running.conversation.hold(is_on=True)
        running.hear(LOST)
        assert running.conversation.deadline() is None
        running.conversation.hold(is_on=False)  # nobody wanted the call, and there is no agent yet
        running.settle()
        assert is_heard(running)
        running.conversation.hold(is_on=True)
        await running.play(20)  # its end fades
        assert not is_heard(running)
        running.media.push("music", tone(440, 100, 8_000))
        running.hear(BACK)
        assert is_heard(running)


async def test_without_a_filler_it_is_silent() -> None:
    prompts = Prompts(Prompt(tone(300, 100, 8_000), 8_000))
    async with talk(prompts=prompts) as running:
        running.hear(LOST)
        running.settle()
        assert not is_heard(running)


async def test_what_came_of_an_answer_is_heard_before_the_filler() -> None:
    async with talk() as running:
        begins(running, 200)
        running.hear(LOST)
        assert running.conversation.deadline() is None
        for _ in range(10):
            assert is_heard(running)
        await running.play(20)
        (said,) = running.facts(facts.AgentSaid)
        assert (said.heard, said.heard_ms, said.interrupted) == ("Your order left", 200, True)
        running.settle()
        assert is_heard(running)


async def test_an_answer_that_was_whole_is_told_as_heard() -> None:
    async with talk() as running:
        running.says("a", "It left today.", 200)
        running.hear(LOST)
        await running.play(240)
        (said,) = running.facts(facts.AgentSaid)
        assert (said.said, said.heard, said.interrupted) == (said.heard, "It left today.", False)


async def test_what_was_never_checked_is_never_heard() -> None:
    async with talk(hold=HoldSettings(until_checked=True)) as running:
        begins(running, 200)
        running.hear(LOST)
        assert not is_heard(running)
        assert running.conversation.deadline() is not None  # the filler's


async def test_the_next_answer_is_heard_whatever_its_ids() -> None:
    async with talk() as running:
        begins(running, 200)
        running.hear(session_events.SpeechStarted("c", 0, 1.0))
        await running.play(20)
        running.hear(LOST, BACK)
        running.says("b", "Hello again.", 100)  # of a response r1, like the one before
        while not running.media.is_idle:
            await running.play(20)
        assert running.facts(facts.AgentSaid)[-1].said == "Hello again."


async def test_a_caller_who_was_speaking_does_not_interrupt_the_next_answer() -> None:
    async with talk() as running:
        running.hear(session_events.SpeechStarted("c", 0, 1.0), LOST, BACK)
        running.says("b", "Hello again.", 100)
        await running.play(160)
        assert running.facts(facts.BargedIn) == []
        assert running.facts(facts.AgentSaid)[-1].heard == "Hello again."


async def test_a_response_that_will_never_end_holds_up_no_hang_up() -> None:
    async with talk() as running:
        running.hear(session_events.ResponseStarted("r1", 0.0))
        assert not running.conversation.is_silent
        running.hear(LOST)
        assert running.conversation.is_silent
        assert AgentFellSilent() in running.posted


async def test_a_greeting_that_was_not_heard_is_asked_for_again() -> None:
    async with talk(greeting="Greet.") as running:
        assert await running.session.asked.get() == "Greet."
        running.hear(LOST, BACK)
        assert await running.session.asked.get() == "Greet."


async def test_a_greeting_that_was_made_is_not_asked_for_again() -> None:
    async with talk(greeting="Greet.") as running:
        assert await running.session.asked.get() == "Greet."
        running.hear(response_done(), LOST, BACK)
        await running.play(40)
        assert running.session.asked.empty()


@pytest.mark.parametrize(("attempts", "failures"), [(3, 0), (0, 1)])
async def test_a_session_that_expired_fails_only_if_none_takes_its_place(
    attempts: int, failures: int
) -> None:
    async with talk(rotation=RotationSettings(attempts=attempts)) as running:
        error = session_events.SessionErrorReported("session_expired", "Over.", "", True, 1.0)
        running.hear(error)
        assert sum(isinstance(each, SessionFailed) for each in running.posted) == failures


async def test_after_the_end_of_the_call_no_filler_begins() -> None:
    async with talk() as running:
        running.hear(LOST)
        running.conversation.finish()
        assert running.conversation.deadline() is None


async def test_the_end_of_the_call_stops_the_filler() -> None:
    async with talk() as running:
        running.hear(LOST)
        running.settle()
        assert is_heard(running)
        running.conversation.finish()
        assert running.media.queued_ms == 0
        assert running.conversation.deadline() is None
