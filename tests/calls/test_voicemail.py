"""Playbooks of who answered, and what is done about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.callee_ear import (
    BeepHeard,
    CalleeSound,
    FaxHeard,
    GreetingEnded,
    HumanHeard,
    MachineHeard,
)
from sipagent.calls.setup import ScreeningSetup, VoicemailSetup
from sipagent.calls.termination import Reason
from sipagent.calls.voicemail import (
    ASKING_LIMIT_S,
    MESSAGE_LIMIT_S,
    PAUSE_S,
    Command,
    EndCall,
    Greet,
    LetThrough,
    ListenOn,
    SayMessage,
    SayWhoCalls,
    ShutOff,
    TellCallee,
    VoicemailPolicy,
)

HANG_UP = VoicemailSetup("hang_up")
LEAVE = VoicemailSetup("leave_message", "Leave a message.", limit_s=40.0)


def policy(setup: VoicemailSetup, *, agent_speaks_first: bool = True) -> VoicemailPolicy:
    return VoicemailPolicy(setup, agent_speaks_first=agent_speaks_first)


def test_a_person_is_talked_to() -> None:
    assert policy(HANG_UP).hear(HumanHeard(800), now=1.5) == [
        TellCallee("human", 800),
        LetThrough(),
    ]


def test_only_who_says_nothing_is_greeted_where_the_callee_speaks_first() -> None:
    silent = policy(HANG_UP, agent_speaks_first=False)
    assert silent.hear(HumanHeard(0), now=3.0) == [TellCallee("human", 0), LetThrough(), Greet()]
    speaking = policy(HANG_UP, agent_speaks_first=False)
    assert Greet() not in speaking.hear(HumanHeard(600), now=1.3)


def test_a_machine_is_hung_up_on() -> None:
    assert policy(HANG_UP).hear(MachineHeard(2_800), now=3.0) == [
        TellCallee("machine", 2_800),
        EndCall(Reason.MACHINE_ANSWERED, ""),
    ]


def test_a_machine_is_only_told_of_where_nothing_else_is_wanted() -> None:
    heard = policy(VoicemailSetup("ignore")).hear(MachineHeard(2_800), now=3.0)
    assert heard == [TellCallee("machine", 2_800), LetThrough()]


def test_the_message_comes_after_the_beep_and_then_the_end() -> None:
    leaving = policy(LEAVE)
    assert leaving.hear(MachineHeard(2_800), now=3.0) == [ShutOff()]
    assert leaving.is_waiting
    assert leaving.hear(BeepHeard(6_000, 7_400), now=7.4) == [
        TellCallee("machine", 6_000, 7_400),
        SayMessage(),
    ]
    assert leaving.agent_fell_silent() == []  # of what was cut off before
    leaving.agent_began()
    assert leaving.agent_fell_silent() == [EndCall(Reason.MESSAGE_LEFT, "")]


def test_a_message_begun_in_silence_is_begun_again_after_a_late_beep() -> None:
    leaving = policy(LEAVE)
    leaving.hear(MachineHeard(2_800), now=3.0)
    assert SayMessage() in leaving.hear(GreetingEnded(), now=9.0)
    leaving.agent_began()
    again = [ShutOff(), TellCallee("machine", 6_000, 10_000), SayMessage()]
    assert leaving.hear(BeepHeard(6_000, 10_000), now=10.0) == again
    assert leaving.hear(BeepHeard(6_000, 12_000), now=12.0) == []
    assert leaving.agent_fell_silent() == []


def test_a_beep_overrules_what_sounded_like_a_person() -> None:
    leaving = policy(LEAVE)
    leaving.hear(HumanHeard(900), now=1.6)
    assert leaving.hear(BeepHeard(5_000, 5_600), now=5.6) == [
        ShutOff(),
        TellCallee("machine", 5_000, 5_600),
        SayMessage(),
    ]


def test_a_machine_that_never_ends_is_hung_up_on() -> None:
    leaving = policy(LEAVE)
    leaving.hear(MachineHeard(2_800), now=3.0)
    assert leaving.deadline() == 43.0
    told, end = leaving.handle_timer(43.0)
    assert told == TellCallee("machine", 2_800)
    assert isinstance(end, EndCall) and end.reason is Reason.MACHINE_ANSWERED


def test_a_fax_machine_gets_no_message() -> None:
    told, end = policy(LEAVE).hear(FaxHeard(), now=0.6)
    assert told == TellCallee("fax", 0)
    assert isinstance(end, EndCall) and end.reason is Reason.MACHINE_ANSWERED


SOUNDS: list[CalleeSound] = [
    HumanHeard(0),
    HumanHeard(700),
    MachineHeard(2_800),
    FaxHeard(),
    BeepHeard(4_000, 4_500),
    GreetingEnded(),
]


@given(
    st.sampled_from([HANG_UP, LEAVE, VoicemailSetup("ignore")]),
    st.booleans(),
    st.lists(st.sampled_from([*SOUNDS, "began", "silent", "timer"]), max_size=15),
)
def test_whatever_is_heard_the_call_is_ended_at_most_once_and_a_wait_always_ends(
    setup: VoicemailSetup, agent_speaks_first: bool, steps: list[CalleeSound | str]
) -> None:
    tried = policy(setup, agent_speaks_first=agent_speaks_first)
    now, done = 0.0, list[Command]()
    for step in steps:
        now += 0.5
        match step:
            case "began":
                tried.agent_began()
            case "silent":
                done += tried.agent_fell_silent()
            case "timer":
                done += tried.handle_timer(now)
            case str():
                raise AssertionError(step)
            case _:
                done += tried.hear(step, now=now)
    for _ in range(3):
        deadline = tried.deadline()
        if deadline is not None:
            assert deadline <= now + max(setup.limit_s, MESSAGE_LIMIT_S)
            done += tried.handle_timer(deadline)
    assert tried.deadline() is None
    assert sum(isinstance(each, EndCall) for each in done) <= 1
    if setup.action == "ignore":
        assert not any(isinstance(each, EndCall | ShutOff | SayMessage) for each in done)


SCREENING = ScreeningSetup("Say who calls.", ("state your name",))
ASKS = "Please state your name, and why you call."


def screened(setup: VoicemailSetup) -> VoicemailPolicy:
    """Return the policy of a plan with an answer, once a machine talks."""
    policy = VoicemailPolicy(setup, SCREENING, agent_speaks_first=True)
    assert policy.hear(MachineHeard(2_800), now=3.0) == [ListenOn()]
    return policy


@pytest.mark.parametrize("setup", [HANG_UP, LEAVE])
def test_a_machine_that_asks_who_calls_is_answered_once_it_is_quiet(setup: VoicemailSetup) -> None:
    policy = screened(setup)
    assert policy.read("Hi.", now=4.0) == []
    assert policy.read(ASKS, now=6.0) == [TellCallee("screening", 2_800)]
    assert policy.is_waiting
    policy.callee_speaks(True, now=6.2)  # it was but a breath
    assert policy.handle_timer(6.0 + PAUSE_S) == []
    policy.callee_speaks(False, now=8.0)
    assert policy.handle_timer(8.0 + PAUSE_S) == [SayWhoCalls()]
    assert not policy.is_waiting
    assert policy.deadline() is None


def test_a_beep_asks_for_the_answer_too() -> None:
    policy = screened(LEAVE)
    policy.read(ASKS, now=6.0)
    assert policy.hear(BeepHeard(3_000, 6_500), now=6.5) == [SayWhoCalls()]


def test_one_that_talks_for_ever_is_answered_all_the_same() -> None:
    policy = screened(LEAVE)
    policy.read(ASKS, now=6.0)
    policy.callee_speaks(True, now=6.1)
    assert policy.handle_timer(6.1 + ASKING_LIMIT_S) == [SayWhoCalls()]


def test_a_machine_that_does_not_ask_is_one_like_any_other() -> None:
    beeps = BeepHeard(6_000, 7_400)
    told = TellCallee("machine", 6_000, 7_400)
    hung_up = EndCall(Reason.MACHINE_ANSWERED, "")
    assert screened(HANG_UP).hear(beeps, now=7.4) == [told, hung_up]
    assert screened(LEAVE).hear(beeps, now=7.4) == [ShutOff(), told, SayMessage()]
    silent = TellCallee("machine", 2_800)
    assert screened(HANG_UP).hear(GreetingEnded(), now=9.0) == [silent, hung_up]


def test_words_of_people_mean_nothing() -> None:
    policy = VoicemailPolicy(LEAVE, SCREENING, agent_speaks_first=True)
    policy.hear(HumanHeard(800), now=1.5)
    assert policy.read(ASKS, now=6.0) == []
    without = VoicemailPolicy(LEAVE, agent_speaks_first=True)
    without.hear(MachineHeard(2_800), now=3.0)
    assert without.read(ASKS, now=6.0) == []
