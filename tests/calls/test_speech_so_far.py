"""What is told of a turn that is being said."""

from __future__ import annotations

from typing import Any, cast

from sipagent.audio.formats import AudioFormat
from sipagent.calls import facts
from sipagent.calls.agent_audio import HoldSettings
from sipagent.calls.agent_speech import AgentSpeech
from sipagent.calls.part import CallHands
from sipagent.calls.speech_so_far import EVERY_S, SpeechSoFar
from sipagent.calls.speech_watch import SpeechWatch
from sipagent.realtime.conversation_events import UserTranscriptDelta
from sipagent.realtime.events import UserTranscript
from sipagent.sip.events import FirstFramePlayed

from .talk import Talk, talk

SAID = "one two three four"


def being_said(heard: str) -> facts.AgentSaidSoFar:
    return facts.AgentSaidSoFar("a", "Reception", SAID, heard, 100)


def test_nobody_looks_while_nothing_is_said() -> None:
    speech = SpeechSoFar()
    assert speech.deadline() is None
    assert speech.due([], now=5.0) == []


def test_what_is_said_is_told_at_most_once_a_second() -> None:
    speech = SpeechSoFar()
    speech.agent_sounds(10.0)
    assert speech.due([being_said("one")], now=10.5) == []
    assert speech.deadline() == 10.0 + EVERY_S
    assert speech.due([being_said("one")], now=11.0) == [being_said("one")]
    assert speech.deadline() == 12.0
    speech.agent_sounds(11.1)
    speech.caller_said_more("c", "Hm", 11.2)
    assert speech.deadline() == 12.0


def test_it_is_told_again_only_when_its_words_have_grown() -> None:
    speech = SpeechSoFar()
    speech.agent_sounds(10.0)
    speech.due([being_said("one")], now=11.0)
    longer = facts.AgentSaidSoFar("a", "Reception", SAID, "one", 900)
    assert speech.due([longer], now=12.0) == []
    assert speech.due([being_said("one two")], now=13.0) == [being_said("one two")]


def test_looking_ends_with_the_answer_and_begins_with_the_next() -> None:
    speech = SpeechSoFar()
    speech.agent_sounds(10.0)
    assert speech.due([], now=11.0) == []
    assert speech.deadline() is None
    speech.agent_sounds(20.0)
    speech.agent_fell_silent()
    assert speech.deadline() is None


def test_pieces_of_what_the_caller_says_are_joined_until_the_whole_is_there() -> None:
    speech = SpeechSoFar()
    speech.caller_said_more("c", "My name", 10.0)
    speech.agent_fell_silent()
    speech.caller_said_more("c", " is", 10.5)
    assert speech.due([], now=11.0) == [facts.CallerSaidSoFar("c", "My name is")]
    speech.caller_said_more("c", " Ada", 11.5)
    speech.caller_said("c")
    assert speech.due([], now=13.0) == []
    assert speech.deadline() is None


def watching(running: Talk, now: list[float]) -> SpeechWatch:
    watch = SpeechWatch()
    nothing = cast(Any, None)
    watch.join(
        CallHands(
            "c1",
            nothing,
            nothing,
            running.conversation,
            tell=running.told.append,
            post=nothing,
            run=nothing,
            now=lambda: now[0],
            is_talking=lambda: True,
            dismiss=lambda: None,
        )
    )
    return watch


async def test_an_answer_over_a_leg_is_told_as_far_as_it_was_played() -> None:
    async with talk() as running:
        now = [10.0]
        watch = watching(running, now)
        running.says("a", SAID, 400)
        running.says("later", "five", 400, response_id="r2")
        await running.play(100)
        watch.handle(FirstFramePlayed("a", 10.0))
        watch.handle_timer(10.5)
        await running.play(100)
        watch.handle_timer(11.0)
        watch.handle_timer(11.1)
        (told,) = running.facts(facts.AgentSaidSoFar)
        assert told == facts.AgentSaidSoFar("a", "Reception", SAID, "one two", 200)
        await running.play(200)
        assert [each.item_id for each in running.conversation.being_said()] == []
        assert len(running.facts(facts.AgentSaid)) == 1


async def test_what_a_caller_says_over_a_leg_is_told_until_it_is_a_turn() -> None:
    async with talk() as running:
        now = [10.0]
        watch = watching(running, now)
        watch.handle(UserTranscriptDelta("c", "My na", 10.0))
        watch.handle_timer(11.0)
        watch.handle(UserTranscriptDelta("c", "me", 11.5))
        watch.handle(UserTranscript("c", "My name", 11.6))
        watch.handle_timer(12.5)
        assert running.facts(facts.CallerSaidSoFar) == [facts.CallerSaidSoFar("c", "My na")]


def test_before_there_is_a_leg_nothing_is_being_said() -> None:
    speech = AgentSpeech(AudioFormat.PCMU, HoldSettings(), lambda _: None)
    assert speech.so_far() == []
