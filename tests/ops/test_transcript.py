"""A call as people read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
import pytest

from sipagent.calls import facts
from sipagent.calls.facts import Fact
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.transcript import transcript_line

from .script import CALL


def entry(fact: Fact, at: float = 0.0) -> dict[str, Any]:
    line = {"call_id": "c1", "at": at, "fact": type(fact).__name__, **asdict(fact)}
    loaded: dict[str, Any] = orjson.loads(orjson.dumps(line))
    return loaded


def text(fact: Fact) -> str | None:
    line = transcript_line(entry(fact), 0.0)
    return None if line is None else line.removeprefix("00:00.0  ")


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (facts.CallerSaid("c", "Hello?"), "      caller: Hello?"),
        (facts.CallerSaid("c", ""), "      caller: (not understood)"),
        (
            facts.AgentSaid("a", "Ada", "Hi there.", "Hi there.", 9, False),
            "         Ada: Hi there.",
        ),
        (
            facts.AgentSaid("a", "Ada", "Hi there.", "Hi", 9, True),
            "         Ada: Hi -- (interrupted)",
        ),
        (facts.CallAnswered(400, "PCMU"), "[answered after 400 ms, PCMU]"),
        (
            facts.CallAnswered(400, "PCMU", srtp="SDES"),
            "[answered after 400 ms, PCMU, encrypted (SDES)]",
        ),
        (facts.CallAnswered(400), "[answered after 400 ms]"),
        (facts.BargedIn("a", 300, 20), "[interrupted: 300 ms heard, silent 20 ms later]"),
        (facts.BargedIn("a", 300, None), "[interrupted: 300 ms heard]"),
        (facts.CallHeld(), "[the caller put us on hold]"),
        (facts.CallResumed(4_000), "[the caller was away for 4000 ms]"),
        (
            facts.AnswerBlocked("a", "prices", 800, 60),
            "[blocked by prices: 60 ms heard, 800 ms not]",
        ),
        (facts.SessionLost("gone (close code 1006)"), "[session lost: gone (close code 1006)]"),
        (facts.SessionReplaced("lost", 420), "[another session after 420 ms]"),
        (facts.SessionReplaced("expiry", 0), "[another session, before this one expired]"),
        (facts.AgentChanged("Ada", "Bob"), "[handoff: Ada -> Bob]"),
        (facts.ToolCalled("t", "hours", "{}", "9 to 5", False, 1), "[tool: hours {} -> 9 to 5]"),
        (facts.ErrorReported("oops", "no luck"), "[error: oops: no luck]"),
        (
            facts.CallEnded(Termination(Result.FAILED, Reason.SESSION_LOST), 0),
            "[ended: failed, session_lost]",
        ),
        (
            facts.OperatorActed("say", "duty", {"text": "One moment."}),
            "[operator duty: say One moment.]",
        ),
        (facts.OperatorActed("hang_up", "duty", {}), "[operator duty: hang_up]"),
        (facts.DigitsSent("1#"), "[pressed by the agent: 1#]"),
        (
            facts.MessageTaken("A", "Ada", "5", "Call back."),
            "[message taken: Ada 5: Call back.]",
        ),
        (facts.NoteTaken("A", "In a hurry."), "[note: In a hurry.]"),
        (facts.DigitsAsked("card", True), "[to be keyed in: card, shielded]"),
        (
            facts.DigitsCollected("card", "collected", 16, "1111"),
            "[keyed in: card: collected, 16 digits, 1111]",
        ),
        (facts.CallerSpeechStarted("c"), None),
        (facts.UsageReported(1, 2), None),
        (facts.LineMeasured(), None),
    ],
)
def test_what_is_worth_reading_is_a_line(fact: Fact, expected: str | None) -> None:
    assert text(fact) == expected


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [
        (0.0, "00:00.0"),
        (9.94, "00:09.9"),
        (59.96, "01:00.0"),
        (61.5, "01:01.5"),
        (3_600, "60:00.0"),
    ],
)
def test_time_is_counted_from_the_first_entry(seconds: float, clock: str) -> None:
    line = transcript_line(entry(facts.CallerSaid("c", "x"), 100 + seconds), 100.0)
    assert line is not None and line.startswith(f"{clock}  ")


def test_every_fact_can_be_read() -> None:
    read = [transcript_line(entry(fact), 0.0) for fact in CALL]
    assert sum(line is not None for line in read) > 12
