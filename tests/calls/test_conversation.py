"""One session joined to one leg: audio both ways, and what is told of it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sipagent.audio.formats import AudioFormat
from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.level import dbov
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.events import AgentFellSilent, SessionFailed
from sipagent.calls.termination import Reason
from sipagent.realtime import events as session_events

from .talk import Talk, call_setup, response_done, talk


async def test_the_agent_is_asked_to_greet_in_the_plans_words() -> None:
    async with talk(greeting="Greet the caller.") as running:
        assert await running.session.asked.get() == "Greet the caller."


async def test_without_a_greeting_the_caller_speaks_first() -> None:
    async with talk(greeting="") as running:
        await asyncio.sleep(0)
        assert running.session.asked.empty()


async def test_caller_audio_reaches_the_session_in_order_until_the_leg_ends() -> None:
    async with talk() as running:
        frames = [tone(400, 20, 8_000, level_dbov=level) for level in (-30, -20, -10)]
        for frame in frames:
            running.media.give_inbound(frame)
        running.media.close()
        await running.conversation.send_caller_audio(running.media)
        assert running.session.audio == [pcm_to_pcmu(frame) for frame in frames]


async def test_agent_audio_is_played_and_told_with_its_words() -> None:
    async with talk() as running:
        running.says("a", "Good morning.", 100)
        frame = running.media.take_outbound()
        assert dbov(frame) == pytest.approx(-12, abs=0.5)
        await running.play(100)
        started, said = running.told[-2:]
        assert started == facts.AgentSoundStarted("a", "Reception", None)
        assert said == facts.AgentSaid(
            "a", "Reception", "Good morning.", "Good morning.", 100, False
        )


async def test_the_last_millisecond_of_a_wideband_answer_is_played_too() -> None:
    async with talk(AudioFormat.PCM24, 16_000) as running:
        running.says("a", "Good morning.", 100)
        assert running.media.queued_ms == 100


async def test_audio_before_the_leg_has_media_is_not_an_error() -> None:
    too_early = Talk(call_setup(), AudioFormat.PCMU, 8_000)
    too_early.says("a", "Hello?", 100)
    assert too_early.media.is_idle


async def test_the_gap_is_counted_from_the_callers_last_word_to_the_first_frame() -> None:
    async with talk(silence_duration_ms=500) as running:
        running.hear(session_events.SpeechStopped("c", 0, at=10.0))
        running.conversation.first_frame_played("a", 10.3)
        running.conversation.first_frame_played("b", 12.0)
        gaps = [fact.gap_ms for fact in running.facts(facts.AgentSoundStarted)]
        assert gaps == [800, None]


async def test_without_knowing_the_silence_no_gap_is_told() -> None:
    async with talk(silence_duration_ms=None) as running:
        running.hear(session_events.SpeechStopped("c", 0, at=10.0))
        running.conversation.first_frame_played("a", 10.3)
        assert running.facts(facts.AgentSoundStarted)[0].gap_ms is None


async def test_what_the_caller_did_and_said_is_told() -> None:
    async with talk() as running:
        running.hear(
            session_events.SpeechStarted("c", 0, at=1.0),
            session_events.SpeechStopped("c", 0, at=2.0),
            session_events.UserTranscript("c", "Hello?", at=2.5),
        )
        assert running.told == [
            facts.CallerSpeechStarted("c"),
            facts.CallerSpeechStopped("c"),
            facts.CallerSaid("c", "Hello?"),
        ]


async def test_a_handoff_is_told_and_what_follows_is_said_by_the_other_agent() -> None:
    async with talk() as running:
        running.hear(session_events.AgentTranscriptDelta("r1", "a", "One moment.", at=1.0))
        running.hear(session_events.HandedOff("Reception", "Billing", at=1.1))
        running.says("a", "One moment.", 20)
        running.says("b", "Billing here.", 20, response_id="r2")
        await running.play(40)
        assert running.facts(facts.AgentChanged) == [facts.AgentChanged("Reception", "Billing")]
        assert [(each.agent, each.said) for each in running.facts(facts.AgentSaid)] == [
            ("Reception", "One moment."),
            ("Billing", "Billing here."),
        ]


async def test_a_tool_call_is_told_with_what_it_took() -> None:
    async with talk() as running:
        running.hear(
            session_events.ToolEnded("t1", "hours", '{"day":1}', "9 to 5", True, 0.25, 1.0)
        )
        assert running.told == [
            facts.ToolCalled("t1", "hours", '{"day":1}', "9 to 5", failed=True, duration_ms=250)
        ]


async def test_tokens_of_a_response_are_told() -> None:
    async with talk() as running:
        running.hear(response_done())
        assert running.told == [facts.UsageReported(7, 11, text_tokens_in=7, text_tokens_out=11)]


@pytest.mark.parametrize(("fatal", "failures"), [(False, 0), (True, 1)])
async def test_an_error_is_told_and_only_a_fatal_one_fails_the_session(
    fatal: bool, failures: int
) -> None:
    async with talk() as running:
        running.hear(
            session_events.SessionErrorReported("invalid_api_key", "Over.", "", fatal, 1.0)
        )
        assert running.told == [facts.ErrorReported("invalid_api_key", "Over.", fatal)]
        failed = SessionFailed(Reason.SESSION_ERROR, "invalid_api_key: Over.")
        assert running.posted == [failed] * failures


@pytest.mark.parametrize(
    ("code", "told"), [("server_error", "server_error"), ("", "response_failed")]
)
async def test_a_failed_response_fails_the_session(code: str, told: str) -> None:
    async with talk() as running:
        running.hear(response_done(status="failed", error_code=code))
        (error,) = running.facts(facts.ErrorReported)
        assert (error.code, error.fatal) == (told, True)
        assert SessionFailed(Reason.SESSION_ERROR, told) in running.posted


@pytest.mark.parametrize("expected", [False, True])
async def test_only_a_socket_that_goes_unexpectedly_fails_the_session(expected: bool) -> None:
    async with talk() as running:
        running.hear(session_events.Disconnected(1006, "gone", expected, 1.0))
        lost = SessionFailed(Reason.SESSION_LOST, "close code 1006 gone")
        assert running.posted == ([] if expected else [lost])


async def test_the_agent_falls_silent_when_all_is_played_and_nothing_is_being_made() -> None:
    async with talk() as running:
        assert running.conversation.is_silent
        running.says("a", "Goodbye.", 40)
        assert not running.conversation.is_silent  # still queued
        await running.play(20)
        assert AgentFellSilent() not in running.posted
        await running.play(20)
        assert running.conversation.is_silent
        assert running.posted == [AgentFellSilent()]


async def test_an_agent_that_is_thinking_is_not_silent() -> None:
    async with talk() as running:
        running.hear(session_events.ResponseStarted("r1", 1.0))
        assert not running.conversation.is_silent
        running.hear(response_done("r1"))
        assert running.conversation.is_silent
        assert running.posted == [AgentFellSilent()]


async def test_a_call_that_ends_in_mid_sentence_tells_how_much_was_heard() -> None:
    async with talk() as running:
        running.says("a", "one two three four", 400)
        running.says("b", "never heard", 100, response_id="r2")
        await running.play(200)
        running.conversation.finish()
        said = [
            (each.heard, each.heard_ms, each.interrupted) for each in running.facts(facts.AgentSaid)
        ]
        assert said == [("one two", 200, True), ("", 0, True)]
        assert not np.any(running.media.take_outbound()[40:])


async def test_an_answer_heard_whole_but_never_transcribed_was_not_interrupted() -> None:
    async with talk() as running:
        audio = pcm_to_pcmu(tone(400, 40, 8_000))
        running.hear(
            session_events.AgentTranscriptDelta("r1", "a", "Good mor", 0.0),
            session_events.AudioDelta("r1", "a", 0, audio, 0.0),
            session_events.AudioDone("r1", "a", 0, 0.0),
        )
        await running.play(60)
        running.conversation.finish()
        assert running.facts(facts.AgentSaid) == [
            facts.AgentSaid("a", "Reception", "Good mor", "Good mor", 40, False)
        ]
