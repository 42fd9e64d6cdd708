"""When the caller's telephone is asked to call somebody else, and what the agent is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.controller import TAIL_S
from sipagent.calls.events import (
    AgentFellSilent,
    TimerFired,
    TransferEvent,
    TransferProgressed,
    TransferRequested,
)
from sipagent.calls.transfer import LIMIT_S, Transfer
from sipagent.calls.transfer_commands import (
    AnswerTransfer,
    EndTransferred,
    SendRefer,
    TransferCommand,
)
from sipagent.calls.transfer_outcome import Outcome

TARGETS = {"billing": "tel:+4930", "desk": "sip:desk@example.com"}


def transfer() -> Transfer:
    return Transfer(TARGETS, last_words_limit_s=15.0)


def referred() -> tuple[Transfer, float]:
    """Return a transfer to billing whose REFER was just sent, and when."""
    under_way = transfer()
    under_way.handle(TransferRequested("billing"), now=0.0)
    under_way.handle(AgentFellSilent(), now=1.0)
    sent = under_way.handle(TimerFired(), now=1.0 + TAIL_S)
    assert sent == [SendRefer("tel:+4930")]
    return under_way, 1.0 + TAIL_S


def test_refer_waits_for_the_agents_last_words_and_their_last_frames() -> None:
    waiting = transfer()
    assert waiting.handle(TransferRequested("desk"), now=5.0) == []
    assert waiting.deadline() == 20.0
    assert waiting.handle(AgentFellSilent(), now=7.0) == []
    assert waiting.deadline() == 7.0 + TAIL_S
    assert waiting.handle(TimerFired(), now=7.0) == []
    assert waiting.handle(TimerFired(), now=7.0 + TAIL_S) == [SendRefer("sip:desk@example.com")]
    assert waiting.deadline() == 7.0 + TAIL_S + LIMIT_S


def test_last_words_that_never_end_are_not_waited_for() -> None:
    waiting = transfer()
    waiting.handle(TransferRequested("desk"), now=5.0)
    assert waiting.handle(TimerFired(), now=20.0) == [SendRefer("sip:desk@example.com")]


def test_the_call_ends_when_the_target_answered() -> None:
    under_way, now = referred()
    assert under_way.handle(TransferProgressed(100, is_final=False), now=now) == []
    assert under_way.handle(TransferProgressed(180, is_final=False), now=now) == []
    ended = under_way.handle(TransferProgressed(200, is_final=True), now=now)
    assert ended == [EndTransferred("billing")]
    assert under_way.deadline() is None
    assert under_way.is_under_way  # an agent's hang-up would only name another reason


def test_the_agent_is_told_why_it_failed_and_may_try_again() -> None:
    under_way, now = referred()
    told = under_way.handle(TransferProgressed(486, is_final=True), now=now)
    assert told == [AnswerTransfer("The transfer failed: busy.", Outcome.BUSY, 486)]
    assert not under_way.is_under_way
    assert under_way.deadline() is None
    assert under_way.handle(TransferRequested("desk"), now=now) == []
    assert under_way.is_under_way


def test_nobody_waits_for_ever() -> None:
    under_way, now = referred()
    assert under_way.handle(TimerFired(), now=now + LIMIT_S - 0.1) == []
    told = under_way.handle(TimerFired(), now=now + LIMIT_S)
    assert told == [AnswerTransfer("The transfer failed: nobody answered.", Outcome.NO_ANSWER, 408)]
    assert not under_way.is_under_way


@pytest.mark.parametrize(("status", "expected"), [(200, [EndTransferred("billing")]), (480, [])])
def test_what_comes_too_late_still_counts_but_is_not_told_twice(
    status: int, expected: list[TransferCommand]
) -> None:
    under_way, now = referred()
    under_way.handle(TimerFired(), now=now + LIMIT_S)
    late = under_way.handle(TransferProgressed(status, is_final=True), now=now + LIMIT_S + 5)
    assert late == expected


def test_one_transfer_at_a_time() -> None:
    under_way, now = referred()
    assert under_way.handle(TransferRequested("desk"), now=now) == []
    assert under_way.handle(TransferProgressed(200, is_final=True), now=now) == [
        EndTransferred("billing")
    ]


def test_what_nobody_asked_for_changes_nothing() -> None:
    idle = transfer()
    assert idle.handle(AgentFellSilent(), now=0.0) == []
    assert idle.handle(TransferProgressed(200, is_final=True), now=0.0) == []
    assert idle.handle(TimerFired(), now=0.0) == []
    assert idle.deadline() is None


EVENTS: list[TransferEvent] = [
    TransferRequested("billing"),
    AgentFellSilent(),
    TransferProgressed(180, is_final=False),
    TransferProgressed(200, is_final=True),
    TransferProgressed(486, is_final=True),
    TimerFired(),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_whatever_happens_each_request_has_one_outcome(events: list[TransferEvent]) -> None:
    under_way, now = transfer(), 0.0
    commands: list[TransferCommand] = []
    asked = 0
    for event in events:
        now += 0.3
        asked += isinstance(event, TransferRequested) and not under_way.is_under_way
        commands += under_way.handle(event, now=now)
    for _ in range(4):  # left alone, its own limits conclude it
        deadline = under_way.deadline()
        if deadline is not None:
            commands += under_way.handle(TimerFired(), now=max(now, deadline))
    answers = [each for each in commands if isinstance(each, AnswerTransfer)]
    ends = [each for each in commands if isinstance(each, EndTransferred)]
    assert under_way.deadline() is None
    assert len(ends) <= 1
    assert asked - len(ends) <= len(answers) <= asked
