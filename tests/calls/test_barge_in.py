"""Who holds the floor, and when the agent is cut off."""

from sipagent.calls.barge_in import (
    AgentAudioFinished,
    AgentAudioStarted,
    BargeIn,
    BargeInSettings,
    CallerSpeechStarted,
    CallerSpeechStopped,
    ConfirmTimerFired,
    Floor,
)


def talking_agent(confirm_ms: int = 200) -> BargeIn:
    barge_in = BargeIn(BargeInSettings(confirm_ms=confirm_ms))
    assert not barge_in.handle(AgentAudioStarted(), now=0.5)
    return barge_in


def test_sustained_speech_takes_the_floor() -> None:
    barge_in = talking_agent()
    assert not barge_in.handle(CallerSpeechStarted(), now=1.0)
    assert barge_in.deadline() == 1.2
    assert barge_in.handle(ConfirmTimerFired(), now=1.2)
    assert barge_in.floor is Floor.CALLER


def test_a_backchannel_does_not_interrupt() -> None:
    barge_in = talking_agent()
    barge_in.handle(CallerSpeechStarted(), now=1.0)
    assert not barge_in.handle(CallerSpeechStopped(), now=1.1)
    assert barge_in.floor is Floor.AGENT
    assert barge_in.deadline() is None


def test_without_confirmation_the_first_sign_of_speech_cuts() -> None:
    assert talking_agent(confirm_ms=0).handle(CallerSpeechStarted(), now=1.0)


def test_a_second_sign_of_speech_cuts_nothing_more() -> None:
    barge_in = talking_agent(confirm_ms=0)
    barge_in.handle(CallerSpeechStarted(), now=1.0)
    assert not barge_in.handle(CallerSpeechStarted(), now=1.1)


def test_speech_while_the_agent_is_silent_interrupts_nothing() -> None:
    barge_in = talking_agent(confirm_ms=0)
    barge_in.handle(AgentAudioFinished(), now=2.0)
    assert not barge_in.handle(CallerSpeechStarted(), now=3.0)


def test_an_answer_that_starts_while_the_caller_speaks_is_contested() -> None:
    barge_in = BargeIn(BargeInSettings(confirm_ms=200))
    barge_in.handle(CallerSpeechStarted(), now=1.0)
    assert not barge_in.handle(AgentAudioStarted(), now=1.1)
    assert barge_in.handle(ConfirmTimerFired(), now=1.3)


def test_a_plan_may_forbid_interruptions() -> None:
    barge_in = BargeIn(BargeInSettings(is_enabled=False))
    barge_in.handle(AgentAudioStarted(), now=0.5)
    assert not barge_in.handle(CallerSpeechStarted(), now=1.0)
    assert barge_in.floor is Floor.AGENT


def test_a_late_timer_of_a_decided_contest_does_nothing() -> None:
    barge_in = talking_agent()
    barge_in.handle(CallerSpeechStarted(), now=1.0)
    barge_in.handle(CallerSpeechStopped(), now=1.1)
    assert not barge_in.handle(ConfirmTimerFired(), now=1.2)


def test_a_timer_of_something_else_decides_no_contest() -> None:
    barge_in = talking_agent()
    barge_in.handle(CallerSpeechStarted(), now=1.0)
    assert not barge_in.handle(ConfirmTimerFired(), now=1.1)
    assert barge_in.floor is Floor.CONTESTED
    assert barge_in.handle(ConfirmTimerFired(), now=1.2)
