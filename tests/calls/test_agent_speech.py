"""What an agent says on a leg: played, told, cut off, given up."""

from __future__ import annotations

import asyncio

import pytest

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.playout import Heard
from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.agent_audio import HoldSettings
from sipagent.calls.agent_speech import AgentSpeech, SpeechEvent
from sipagent.calls.cuts import SETTLE_S
from sipagent.realtime import events as session_events
from sipagent.sip.media_port import MediaPort

AGENT = "Reception"


class Speaking:
    """An agent that speaks on a leg whose clock is the test."""

    def __init__(self) -> None:
        self.told: list[facts.Fact] = []
        self.media = MediaPort(8_000, asyncio.get_running_loop(), lambda _: None)
        self.speech = AgentSpeech(AudioFormat.PCMU, HoldSettings(), self.told.append)

    def take(self, *events: SpeechEvent) -> None:
        """Let the session say something of it."""
        for event in events:
            self.speech.handle(event, AGENT, now=1.0)

    def play(self, duration_ms: int) -> None:
        """Let the conference clock run."""
        for _ in range(duration_ms // 20):
            self.media.take_outbound()


def delta(duration_ms: int, item_id: str = "a", response_id: str = "r1") -> SpeechEvent:
    audio = Encoder(AudioFormat.PCMU, 8_000).encode(tone(400, duration_ms, 8_000))
    return session_events.AudioDelta(response_id, item_id, 0, audio, 0.0)


def whole(text: str, duration_ms: int, item_id: str = "a") -> list[SpeechEvent]:
    return [
        delta(duration_ms, item_id),
        session_events.AudioDone("r1", item_id, 0, 0.0),
        session_events.AgentTranscript("r1", item_id, text, 0.0),
    ]


@pytest.fixture
async def speaking() -> Speaking:
    speaking = Speaking()
    speaking.speech.start(speaking.media)
    return speaking


async def test_an_item_that_was_played_is_told_with_who_said_it(speaking: Speaking) -> None:
    speaking.take(*whole("Good morning.", 100))
    assert not speaking.speech.is_idle
    speaking.play(100)
    speaking.speech.first_frame_played("a", 300)
    speaking.speech.item_played("a")
    assert speaking.speech.is_idle
    assert speaking.told == [
        facts.AgentWorded("a", AGENT, "Good morning."),
        facts.AgentSoundStarted("a", AGENT, 300),
        facts.AgentSaid("a", AGENT, "Good morning.", "Good morning.", 100, False),
    ]


async def test_of_an_item_that_is_cut_off_only_the_words_that_were_heard_count(
    speaking: Speaking,
) -> None:
    speaking.take(*whole("one two three four", 400))
    speaking.play(200)
    heard = speaking.speech.cut("r1")
    assert heard == [Heard("a", 0, heard_ms=200, received_ms=400, finished=True)]
    speaking.play(20)  # the fade
    assert speaking.speech.is_idle
    said = facts.AgentSaid("a", AGENT, "one two three four", "one two", 200, True)
    assert speaking.told[-1] == said


async def test_what_was_on_its_way_when_an_answer_was_cut_off_is_late(speaking: Speaking) -> None:
    speaking.take(delta(100))
    speaking.speech.cut("r1")
    late = session_events.AgentTranscript("r1", "a", "Good morning.", 0.0)
    assert speaking.speech.is_late(late) and speaking.speech.is_late(delta(20))
    assert not speaking.speech.is_late(delta(20, "b", "r2"))
    assert not speaking.speech.is_late(session_events.ResponseStarted("r1", 0.0))


async def test_the_answer_of_another_session_is_never_late(speaking: Speaking) -> None:
    speaking.speech.cut("r1")
    speaking.speech.abandon()
    assert not speaking.speech.is_late(delta(20))


async def test_an_interruption_is_told_once_it_is_silent(speaking: Speaking) -> None:
    speaking.take(*whole("one two three four", 400))
    speaking.play(200)
    assert speaking.media.last_voiced_at is not None
    at = speaking.media.last_voiced_at - 0.04
    speaking.speech.interrupted(speaking.speech.cut("r1"), at=at, now=5.0)
    assert speaking.speech.deadline() == 5.0 + SETTLE_S
    told = len(speaking.told)
    speaking.speech.handle_timer(5.0)
    assert len(speaking.told) == told
    speaking.speech.handle_timer(5.0 + SETTLE_S)
    speaking.take(session_events.ItemTruncated("a", 180, 0.0))
    assert speaking.told[told:] == [
        facts.BargedIn("a", 200, 40),
        facts.TruncateConfirmed("a", -20),
    ]


async def test_what_came_of_an_answer_whose_session_is_gone_is_heard(speaking: Speaking) -> None:
    speaking.take(session_events.AgentTranscriptDelta("r1", "a", "one two", 0.0), delta(200))
    speaking.speech.abandon()
    assert not speaking.speech.is_idle
    speaking.play(200)
    speaking.speech.item_played("a")
    assert speaking.speech.is_idle
    assert speaking.told == [facts.AgentSaid("a", AGENT, "one two", "one two", 200, True)]


async def test_a_call_that_ends_tells_what_was_being_said_and_what_never_was(
    speaking: Speaking,
) -> None:
    speaking.take(*whole("one two", 200))
    speaking.take(session_events.AgentTranscriptDelta("r1", "b", "three", 0.0))
    speaking.play(100)
    speaking.speech.finish()
    said = [each for each in speaking.told if isinstance(each, facts.AgentSaid)]
    assert [(each.item_id, each.heard) for each in said] == [("a", "one"), ("b", "")]


async def test_without_a_leg_nothing_is_heard_and_nothing_fails() -> None:
    early = Speaking()
    early.take(*whole("Hello?", 100))
    assert early.speech.is_idle and early.speech.deadline() is None
    assert early.speech.cut("r1") == []
    early.speech.handle_timer(1.0)
    early.speech.abandon()
    early.speech.finish()
    assert [each.said for each in early.told if isinstance(each, facts.AgentSaid)] == ["Hello?"]
