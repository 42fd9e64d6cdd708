"""Silent callers: when they are asked, and when they are given up."""

from __future__ import annotations

from sipagent.calls.silence_watch import Silence, SilenceWatch


def quiet(silence_s: float = 10.0, prompts: int = 2, *, since: float = 0.0) -> SilenceWatch:
    watch = SilenceWatch(silence_s, prompts)
    watch.look(is_quiet=True, now=since)
    return watch


def asked(watch: SilenceWatch, now: float) -> Silence | None:
    """Let the agent ask at ``now`` for a second, if it is due."""
    due = watch.due(now)
    if due is Silence.ASK:
        watch.look(is_quiet=False, now=now)
        watch.look(is_quiet=True, now=now + 1)
    return due


def test_a_caller_is_asked_as_often_as_the_plan_says_and_then_given_up() -> None:
    watch = quiet()
    assert watch.deadline() == 10.0
    assert asked(watch, 9.9) is None
    assert asked(watch, 10.0) is Silence.ASK
    assert asked(watch, 21.0) is Silence.ASK
    assert asked(watch, 31.9) is None
    assert asked(watch, 32.0) is Silence.GIVE_UP


def test_a_word_of_the_callers_makes_it_all_begin_anew() -> None:
    watch = quiet()
    asked(watch, 10.0)
    asked(watch, 21.0)
    watch.stirred(30.0)
    assert asked(watch, 39.9) is None
    assert asked(watch, 40.0) is Silence.ASK


def test_while_somebody_is_busy_the_clock_stands() -> None:
    watch = quiet()
    watch.look(is_quiet=False, now=5.0)
    assert (watch.deadline(), watch.due(100.0)) == (None, None)
    watch.look(is_quiet=True, now=100.0)
    watch.look(is_quiet=True, now=105.0)  # said twice, it delays nothing
    assert watch.deadline() == 110.0


def test_an_agent_that_never_asks_does_not_silence_the_watch() -> None:
    watch = quiet(prompts=1)
    assert watch.due(10.0) is Silence.ASK
    assert watch.due(19.9) is None
    assert watch.due(20.0) is Silence.GIVE_UP


def test_a_plan_may_ask_nobody_and_may_not_mind() -> None:
    assert quiet(prompts=0).due(10.0) is Silence.GIVE_UP
    assert quiet(0.0).deadline() is None
    assert quiet(0.0).due(1e9) is None
