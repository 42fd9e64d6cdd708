"""One attached session: its events, and what is told of them."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.calls import facts
from sipagent.calls.attached_conversation import AttachedConversation
from sipagent.calls.attached_events import AttachedEvent, CallOver
from sipagent.calls.attached_turns import TRUNCATED_LIMIT_S
from sipagent.calls.digits import DigitSettings
from sipagent.calls.events import AgentFellSilent, SessionFailed
from sipagent.calls.setup import BackendSetup
from sipagent.calls.termination import Reason
from sipagent.realtime import events as session_events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.conversation_events import (
    DtmfReceived,
    GuardrailTripped,
    OutputCleared,
    OutputStarted,
    OutputStopped,
    UserTranscriptDelta,
)
from sipagent.realtime.guardrail_runs import Remedy, Trip, Tripwire

from .talk import NotingSession, call_setup, response_done

FactT = TypeVar("FactT")


class Followed:
    """A conversation, what it told and posted, and what its session was asked."""

    def __init__(self, **setup: object) -> None:
        self.session = NotingSession()
        self.told: list[facts.Fact] = []
        self.posted: list[AttachedEvent] = []
        self.conversation = AttachedConversation(
            call_setup(**setup),
            self.session,
            "Reception",
            tell=self.told.append,
            post=self.posted.append,
        )

    def hear(self, *events: session_events.SessionEvent) -> None:
        """Let the session tell something."""
        for event in events:
            self.conversation.handle(event)

    def begins(self, text: str = "one two three four", at: float = 1.0) -> None:
        """Let an answer begin to be heard."""
        self.hear(
            session_events.ResponseStarted("r", at),
            session_events.AgentTranscriptDelta("r", "a", text, at),
            OutputStarted("r", at),
        )

    def facts(self, kind: type[FactT]) -> list[FactT]:
        """Return the facts of one kind."""
        return [fact for fact in self.told if isinstance(fact, kind)]

    async def asked(self) -> list[object]:
        """Return what the session was asked so far."""
        sending = asyncio.get_running_loop().create_task(self.conversation.send_commands())
        for _ in range(5):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return [self.session.asked.get_nowait() for _ in range(self.session.asked.qsize())]


async def test_the_agent_is_asked_to_greet_in_the_plans_words() -> None:
    running = Followed(greeting="Greet the caller.")
    running.conversation.greet()
    assert await running.asked() == ["Greet the caller."]


async def test_without_a_greeting_the_caller_speaks_first() -> None:
    running = Followed(greeting="")
    running.conversation.greet()
    assert await running.asked() == []


async def test_an_answer_is_told_when_it_was_heard() -> None:
    running = Followed()
    running.begins("Good mor")
    running.hear(session_events.AgentTranscript("r", "a", "Good morning.", 1.1), response_done("r"))
    assert running.facts(facts.AgentSaid) == []
    running.hear(OutputStopped("r", 2.0))
    assert running.told == [
        facts.AgentSoundStarted("a", "Reception", None),
        facts.AgentWorded("a", "Reception", "Good morning."),
        facts.UsageReported(7, 11, text_tokens_in=7, text_tokens_out=11),
        facts.AgentSaid("a", "Reception", "Good morning.", "Good morning.", 1000, False),
    ]


async def test_the_gap_is_counted_from_the_callers_last_word_and_once() -> None:
    running = Followed(silence_duration_ms=500)
    running.hear(session_events.SpeechStopped("c", 0, at=10.0))
    running.begins(at=10.3)
    running.hear(response_done("r"), OutputStopped("r", 11.0))
    running.begins(at=12.0)
    assert [each.gap_ms for each in running.facts(facts.AgentSoundStarted)] == [800, None]


async def test_without_knowing_the_silence_no_gap_is_told() -> None:
    running = Followed(silence_duration_ms=None)
    running.hear(session_events.SpeechStopped("c", 0, at=10.0))
    running.begins(at=10.3)
    assert running.facts(facts.AgentSoundStarted)[0].gap_ms is None


async def test_a_caller_who_cuts_the_agent_off_barged_in() -> None:
    running = Followed()
    running.begins()
    running.hear(
        session_events.SpeechStarted("c", 0, 1.4),
        OutputCleared("r", 1.5),
        session_events.ItemTruncated("a", 585, 1.5),
        response_done("r", "cancelled"),
    )
    assert running.facts(facts.BargedIn) == [facts.BargedIn("a", 585, None)]
    (said,) = running.facts(facts.AgentSaid)
    assert (said.heard, said.heard_ms, said.interrupted) == ("one two", 585, True)


async def test_an_answer_nobody_truncates_is_told_after_a_moment() -> None:
    running = Followed()
    running.begins()
    running.hear(session_events.SpeechStarted("c", 0, 1.4), OutputCleared("r", 1.5))
    assert running.facts(facts.BargedIn) == []
    deadline = running.conversation.deadline()
    assert deadline == 1.5 + TRUNCATED_LIMIT_S
    running.conversation.handle_timer(deadline)
    assert running.facts(facts.BargedIn) == [facts.BargedIn("a", 500, None)]


async def test_an_answer_that_is_dropped_while_nobody_speaks_is_no_barge_in() -> None:
    running = Followed()
    running.begins()
    running.hear(
        session_events.SpeechStarted("c", 0, 1.1),
        session_events.SpeechStopped("c", 0, 1.3),
        OutputCleared("r", 1.5),
        session_events.ItemTruncated("a", 500, 1.5),
    )
    assert running.facts(facts.BargedIn) == []
    assert running.facts(facts.AgentSaid)[0].interrupted


async def test_a_blocked_answer_is_told_with_what_was_heard_of_it_and_is_no_barge_in() -> None:
    running = Followed()
    running.begins()
    trip = Trip("r", "a", Tripwire("prices", "", {}), Remedy.INTERRUPT, "", ("a",), 1.25)
    running.hear(
        session_events.SpeechStarted("c", 0, 1.1),
        GuardrailTripped(RealtimeAgent("Reception"), trip, 1.25),
        OutputCleared("r", 1.5),
        session_events.ItemTruncated("a", 500, 1.5),
    )
    assert running.facts(facts.AnswerBlocked) == [facts.AnswerBlocked("a", "prices", 0, 250)]
    assert running.facts(facts.BargedIn) == []


async def test_what_the_caller_did_and_said_is_told() -> None:
    running = Followed()
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


async def test_after_a_handoff_it_is_the_other_agent_who_speaks() -> None:
    running = Followed()
    running.begins()
    running.hear(session_events.HandedOff("Reception", "Billing", 1.1))
    running.hear(response_done("r"), OutputStopped("r", 2.0))
    running.begins(at=3.0)
    assert running.conversation.agent == "Billing"
    assert running.facts(facts.AgentChanged) == [facts.AgentChanged("Reception", "Billing")]
    assert [each.agent for each in running.facts(facts.AgentSoundStarted)] == [
        "Reception",
        "Billing",
    ]


async def test_a_tool_call_and_an_error_are_told() -> None:
    running = Followed()
    running.hear(
        session_events.ToolEnded("t1", "hours", "{}", "9 to 5", False, 0.25, 1.0),
        session_events.SessionErrorReported("oops", "No luck.", "", False, 1.0),
    )
    assert running.told == [
        facts.ToolCalled("t1", "hours", "{}", "9 to 5", failed=False, duration_ms=250),
        facts.ErrorReported("oops", "No luck."),
    ]
    assert running.posted == []


async def test_the_agent_is_asked_to_say_once_that_it_takes_a_moment() -> None:
    backend = BackendSetup("Back office", "", "m", filler="One moment.")
    followed = Followed(backend=backend)
    begun = session_events.ToolStarted("t1", "delegate", "{}", 0.0)
    followed.hear(
        session_events.ToolStarted("t0", "lookup", "{}", 0.0),
        begun,
        session_events.ToolStarted("t2", "delegate", "{}", 0.0),
        session_events.ToolEnded("t2", "delegate", "{}", "", False, 0.0, 0.0),
    )
    assert await followed.asked() == ["Say exactly: One moment."]
    followed.hear(session_events.ToolEnded("t1", "delegate", "{}", "", False, 0.0, 0.0), begun)
    assert await followed.asked() == ["Say exactly: One moment."]


async def test_a_plan_may_want_no_words_for_it() -> None:
    followed = Followed(backend=BackendSetup("Back office", "", "m"))
    followed.hear(session_events.ToolStarted("t1", "delegate", "{}", 0.0))
    assert await followed.asked() == []


async def test_digits_are_told_one_by_one_and_the_agent_hears_of_the_whole_number() -> None:
    running = Followed(digits=DigitSettings(end="#"))
    running.hear(*(DtmfReceived(digit, 0.0, "realtime", 1.0) for digit in "42#"))
    assert [each.digit for each in running.facts(facts.DigitPressed)] == ["4", "2", "#"]
    assert await running.asked() == ["The caller pressed 4 2 on the keypad."]


async def test_a_number_that_is_not_ended_is_whole_after_a_pause() -> None:
    running = Followed(digits=DigitSettings(pause_s=2.0))
    running.hear(DtmfReceived("7", 0.0, "realtime", 1.0))
    deadline = running.conversation.deadline()
    assert deadline is not None
    running.conversation.handle_timer(deadline - 0.01)
    assert await running.asked() == []
    running.conversation.handle_timer(deadline)
    assert await running.asked() == ["The caller pressed 7 on the keypad."]


async def test_a_plan_without_digits_tells_the_agent_of_none() -> None:
    running = Followed(digits=None)
    running.hear(DtmfReceived("7", 0.0, "realtime", 1.0))
    assert running.facts(facts.DigitPressed) == [facts.DigitPressed("7")]
    assert running.conversation.deadline() is None


async def test_the_agent_falls_silent_when_its_answer_was_made_and_heard() -> None:
    running = Followed()
    running.begins()
    running.hear(response_done("r"))
    assert running.posted == [] and not running.conversation.is_silent
    running.hear(OutputStopped("r", 2.0))
    assert running.posted == [AgentFellSilent()] and running.conversation.is_silent


async def test_the_end_of_the_socket_is_the_end_of_the_call() -> None:
    running = Followed()
    running.hear(session_events.Disconnected(1000, "", False, 1.0))
    assert running.posted == [CallOver(Reason.CALLER_HUNG_UP)]


async def test_a_socket_that_we_close_is_no_end() -> None:
    running = Followed()
    running.hear(session_events.Disconnected(1000, "", True, 1.0))
    assert running.posted == []


@pytest.mark.parametrize(
    "event",
    [
        session_events.Disconnected(1006, "gone", False, 1.0),
        session_events.SessionErrorReported("session_expired", "60 minutes", "", True, 1.0),
        response_done("r", "failed", "rate_limit_exceeded"),
    ],
)
async def test_a_session_that_is_of_no_use_any_more_fails_the_call(
    event: session_events.SessionEvent,
) -> None:
    running = Followed()
    running.hear(event)
    assert any(isinstance(each, SessionFailed) for each in running.posted)


async def test_an_outage_is_told_with_how_long_it_was() -> None:
    running = Followed()
    running.hear(ConnectionLost(1006, "gone", 5.0), Reconnected("gone", 5.42))
    assert running.told == [facts.SessionLost("gone"), facts.SessionReplaced("lost", 420)]


async def test_what_was_being_said_when_the_socket_was_lost_is_not_waited_for() -> None:
    running = Followed()
    running.begins("Your order left")
    running.hear(ConnectionLost(1006, "gone", 1.5))
    assert running.facts(facts.AgentSaid) == []
    running.hear(Reconnected("gone", 2.0))
    (said,) = running.facts(facts.AgentSaid)
    assert (said.said, said.heard, said.interrupted) == ("Your order left",) * 2 + (False,)
    assert running.conversation.is_silent
    assert running.posted == [AgentFellSilent()]


async def test_what_is_being_said_when_the_call_ends_is_told() -> None:
    running = Followed()
    running.begins()
    running.conversation.finish()
    assert running.facts(facts.AgentSaid)[0].interrupted


async def test_what_is_being_said_is_told_while_it_is() -> None:
    running = Followed()
    running.begins("one two three four")
    running.hear(UserTranscriptDelta("c", "Hel", 1.1))
    running.conversation.handle_timer(1.9)
    running.conversation.handle_timer(2.0)
    (agent,) = running.facts(facts.AgentSaidSoFar)
    assert (agent.heard, agent.heard_ms) == ("one two three", 1000)
    assert running.facts(facts.CallerSaidSoFar) == [facts.CallerSaidSoFar("c", "Hel")]
    running.hear(
        session_events.UserTranscript("c", "Hello", 2.1),
        response_done("r"),
        OutputStopped("r", 2.2),
    )
    assert running.conversation.deadline() is None
