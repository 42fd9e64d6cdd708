"""When a session gives way to a new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.realtime.rotation import (
    ActivityChanged,
    GiveUp,
    OpenFailed,
    Reconnect,
    Rotate,
    Rotation,
    RotationEvent,
    RotationSettings,
    RotationState,
    SessionClosed,
    SessionLost,
    SessionOpened,
    TellExpiring,
    TimerFired,
)

WALL = 1_700_000_000.0
"""Unix time at second 0 of these tests."""

IDLE = ActivityChanged(is_response_ongoing=False, is_playing=False, is_caller_speaking=False)
BUSY = ActivityChanged(is_response_ongoing=False, is_playing=True, is_caller_speaking=False)


def opened(at: float, life_s: float | None = 3_600.0) -> SessionOpened:
    expires_at = None if life_s is None else WALL + at + life_s
    return SessionOpened(expires_at, wall_now=WALL + at)


def open_session(
    settings: RotationSettings | None = None, life_s: float | None = 3_600.0
) -> Rotation:
    """A session that was opened at 100 s."""
    rotation = Rotation(settings or RotationSettings())
    assert rotation.handle(opened(100.0, life_s), now=100.0) == []
    return rotation


# Before the limit.


def test_an_idle_session_is_replaced_five_minutes_before_its_end() -> None:
    rotation = open_session()
    assert rotation.deadline() == 3_400.0
    assert rotation.handle(TimerFired(), now=3_399.9) == []
    assert rotation.handle(TimerFired(), now=3_400.0) == [TellExpiring(300.0), Rotate(is_idle=True)]
    assert rotation.state is RotationState.ROTATING and rotation.deadline() is None


@pytest.mark.parametrize(
    "busy",
    [
        ActivityChanged(is_response_ongoing=True, is_playing=False, is_caller_speaking=False),
        ActivityChanged(is_response_ongoing=False, is_playing=True, is_caller_speaking=False),
        ActivityChanged(is_response_ongoing=False, is_playing=False, is_caller_speaking=True),
    ],
)
def test_a_busy_session_is_replaced_when_it_falls_silent(busy: ActivityChanged) -> None:
    rotation = open_session()
    rotation.handle(busy, now=200.0)
    assert rotation.handle(TimerFired(), now=3_400.0) == [TellExpiring(300.0)]
    assert rotation.handle(busy, now=3_405.0) == []
    assert rotation.handle(IDLE, now=3_410.0) == [Rotate(is_idle=True)]


def test_a_session_that_never_falls_silent_is_replaced_after_the_grace() -> None:
    rotation = open_session()
    rotation.handle(BUSY, now=200.0)
    rotation.handle(TimerFired(), now=3_400.0)
    assert rotation.deadline() == 3_430.0
    assert rotation.handle(TimerFired(), now=3_429.0) == []
    assert rotation.handle(TimerFired(), now=3_430.0) == [Rotate(is_idle=False)]


def test_the_session_that_took_over_is_replaced_in_turn() -> None:
    rotation = open_session()
    rotation.handle(TimerFired(), now=3_400.0)
    rotation.handle(opened(3_401.0), now=3_401.0)
    assert rotation.deadline() == 6_701.0
    assert rotation.handle(TimerFired(), now=6_701.0) == [TellExpiring(300.0), Rotate(is_idle=True)]


def test_a_session_with_a_short_life_is_replaced_half_way() -> None:
    assert open_session(life_s=400.0).deadline() == 300.0


@pytest.mark.parametrize("life_s", [None, 0.0, -3_600.0, 29.0])
def test_an_end_that_cannot_be_true_is_awaited(life_s: float | None) -> None:
    rotation = open_session(life_s=life_s)
    assert rotation.deadline() is None
    assert rotation.handle(TimerFired(), now=9_999.0) == []


def test_a_rotation_that_failed_is_tried_again_while_the_old_session_lives() -> None:
    rotation = open_session(RotationSettings(attempts=2))
    rotation.handle(TimerFired(), now=3_400.0)
    now, delays = 3_400.0, []
    for _ in range(7):
        assert rotation.handle(OpenFailed("HTTP 429"), now=now) == []
        at = rotation.deadline()
        assert at is not None and rotation.handle(TimerFired(), now=at - 0.01) == []
        assert rotation.handle(TimerFired(), now=at) == [Rotate(is_idle=True)]
        delays.append(at - now)
        now = at
    assert delays == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_a_rotation_is_tried_again_at_once_neither_while_busy_nor_before_its_delay() -> None:
    rotation = open_session()
    rotation.handle(TimerFired(), now=3_400.0)
    rotation.handle(BUSY, now=3_401.0)
    rotation.handle(OpenFailed("HTTP 500"), now=3_402.0)
    assert rotation.handle(IDLE, now=3_402.1) == []
    assert rotation.handle(BUSY, now=3_402.2) == []
    assert rotation.deadline() == 3_430.0
    assert rotation.handle(IDLE, now=3_403.0) == [Rotate(is_idle=True)]


def test_the_next_rotation_starts_with_the_shortest_delay() -> None:
    rotation = open_session()
    rotation.handle(TimerFired(), now=3_400.0)
    rotation.handle(OpenFailed("HTTP 500"), now=3_400.0)
    rotation.handle(TimerFired(), now=3_400.25)
    rotation.handle(opened(3_401.0), now=3_401.0)
    rotation.handle(TimerFired(), now=6_701.0)
    rotation.handle(OpenFailed("HTTP 500"), now=6_701.0)
    assert rotation.deadline() == 6_701.25


# After a loss.


def test_a_lost_session_is_replaced_at_once() -> None:
    rotation = open_session()
    rotation.handle(BUSY, now=150.0)
    assert rotation.handle(SessionLost("1006"), now=200.0) == [Reconnect("1006", attempt=1)]
    assert rotation.is_replacing


def test_a_session_may_be_lost_while_a_quiet_moment_is_awaited() -> None:
    rotation = open_session()
    rotation.handle(BUSY, now=200.0)
    rotation.handle(TimerFired(), now=3_400.0)
    assert rotation.handle(SessionLost("1006"), now=3_401.0) == [Reconnect("1006", attempt=1)]


def test_attempts_are_made_ever_slower_and_then_given_up() -> None:
    rotation = open_session(RotationSettings(attempts=7))
    rotation.handle(SessionLost("1006"), now=200.0)
    now, delays = 200.0, []
    for attempt in range(2, 8):
        assert rotation.handle(OpenFailed("HTTP 503"), now=now) == []
        at = rotation.deadline()
        assert at is not None and rotation.handle(TimerFired(), now=at - 0.01) == []
        assert rotation.handle(TimerFired(), now=at) == [Reconnect("HTTP 503", attempt)]
        delays.append(at - now)
        now = at
    assert delays == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]
    assert rotation.handle(OpenFailed("HTTP 401"), now=now) == [GiveUp("HTTP 401", attempts=7)]
    assert rotation.deadline() is None


def test_a_session_that_comes_back_ends_the_attempts() -> None:
    rotation = open_session()
    rotation.handle(SessionLost("1006"), now=200.0)
    rotation.handle(OpenFailed("HTTP 503"), now=200.0)
    rotation.handle(TimerFired(), now=200.25)
    assert rotation.handle(opened(201.0), now=201.0) == []
    assert rotation.state is RotationState.OPEN and rotation.deadline() == 3_501.0


def test_a_loss_long_after_another_is_a_new_one() -> None:
    rotation = open_session()
    rotation.handle(SessionLost("1006"), now=200.0)
    rotation.handle(opened(201.0), now=201.0)
    assert rotation.handle(SessionLost("1011"), now=231.0) == [Reconnect("1011", attempt=1)]


def test_an_endpoint_that_accepts_and_drops_is_not_stormed() -> None:
    rotation = open_session(RotationSettings(attempts=3))
    now, made = 101.0, []
    for _ in range(3):
        made += rotation.handle(SessionLost("1011"), now=now)
        if rotation.state is RotationState.LOST:
            at = rotation.deadline()
            assert at is not None and at > now
            now = at
            made += rotation.handle(TimerFired(), now=now)
        rotation.handle(opened(now), now=now)
    assert made == [Reconnect("1011", attempt) for attempt in (1, 2, 3)]
    assert now == 101.75
    assert rotation.handle(SessionLost("1011"), now=now) == [GiveUp("1011", attempts=3)]


def test_without_attempts_a_loss_is_final() -> None:
    rotation = open_session(RotationSettings(attempts=0))
    assert rotation.handle(SessionLost("1006"), now=200.0) == [GiveUp("1006", attempts=0)]


def test_an_endpoint_that_neither_accepts_nor_refuses_is_given_up_in_time() -> None:
    rotation = open_session(RotationSettings(give_up_after_s=5.0))
    rotation.handle(SessionLost("1006"), now=200.0)
    assert rotation.deadline() == 205.0
    assert rotation.handle(TimerFired(), now=204.9) == []
    assert rotation.handle(TimerFired(), now=205.0) == [GiveUp("1006", attempts=1)]
    assert not rotation.is_replacing
    assert rotation.handle(opened(205.1), now=205.1) == [] and rotation.deadline() is None


def test_attempts_end_with_the_time_for_them() -> None:
    rotation = open_session(RotationSettings(give_up_after_s=0.3))
    rotation.handle(SessionLost("1006"), now=200.0)
    rotation.handle(OpenFailed("HTTP 503"), now=200.2)
    assert rotation.deadline() == 200.3
    assert rotation.handle(TimerFired(), now=200.3) == [GiveUp("HTTP 503", attempts=1)]


def test_the_time_for_attempts_runs_from_the_last_loss() -> None:
    rotation = open_session(RotationSettings(give_up_after_s=5.0))
    rotation.handle(SessionLost("1006"), now=200.0)
    rotation.handle(opened(201.0), now=201.0)
    rotation.handle(SessionLost("1006"), now=300.0)
    assert rotation.deadline() == 305.0
    rotation = open_session(RotationSettings(give_up_after_s=5.0))
    rotation.handle(TimerFired(), now=3_400.0)
    rotation.handle(SessionLost("session_expired"), now=3_400.1)
    assert rotation.handle(TimerFired(), now=3_405.1) == [GiveUp("session_expired", attempts=1)]


def test_a_session_lost_while_another_is_opened_is_replaced_by_that_one() -> None:
    rotation = open_session()
    rotation.handle(TimerFired(), now=3_400.0)
    assert rotation.handle(SessionLost("session_expired"), now=3_400.1) == []
    assert rotation.handle(OpenFailed("HTTP 503"), now=3_401.0) == []
    assert rotation.handle(TimerFired(), now=3_401.25) == [Reconnect("HTTP 503", attempt=2)]


# The end of the call.


def test_nothing_is_opened_once_the_call_is_over() -> None:
    rotation = open_session()
    rotation.handle(SessionLost("1006"), now=200.0)
    rotation.handle(SessionClosed(), now=200.1)
    for event in (OpenFailed("late"), SessionLost("late"), opened(201.0), TimerFired()):
        assert rotation.handle(event, now=201.0) == []
    assert rotation.state is RotationState.ENDED and rotation.deadline() is None


def test_before_the_first_session_there_is_nothing_to_decide() -> None:
    rotation = Rotation(RotationSettings())
    for event in (OpenFailed("HTTP 401"), SessionLost("1006"), BUSY, IDLE, TimerFired()):
        assert rotation.handle(event, now=1.0) == []
    assert rotation.deadline() is None


@given(
    st.integers(0, 4),
    st.lists(
        st.tuples(
            st.sampled_from(["open", "open short", "fail", "lose", "busy", "idle", "timer"]),
            st.floats(0, 400),
        ),
        max_size=60,
    ),
)
def test_one_session_is_opened_at_a_time_and_never_more_often_than_allowed(
    attempts: int, steps: list[tuple[str, float]]
) -> None:
    """The endpoint answers each request once, opened or failed; all else comes when it likes."""
    rotation = Rotation(RotationSettings(attempts=attempts))
    now, is_opening, has_given_up = 0.0, True, False
    failures: list[float] = []
    for step, after_s in steps:
        deadline = rotation.deadline()
        now = max(now, min(now + after_s, deadline if deadline is not None else now + after_s))
        event: RotationEvent
        match step:
            case "open" | "open short" if is_opening:
                event = opened(now, 3_600.0 if step == "open" else 60.0)
                is_opening, failures = False, []
            case "fail" if is_opening:
                event, is_opening = OpenFailed("failed"), False
                failures.append(now)
            case "lose":
                event = SessionLost("lost")
            case "busy":
                event = BUSY
            case "idle":
                event = IDLE
            case _:
                event = TimerFired()
        for command in rotation.handle(event, now=now):
            assert not has_given_up
            if isinstance(command, Rotate | Reconnect):
                assert not is_opening
                assert not failures or step == "lose" or now >= failures[-1] + 0.25
                is_opening = True
            if isinstance(command, Reconnect):
                assert 1 <= command.attempt <= attempts
            has_given_up = isinstance(command, GiveUp)
        if has_given_up:
            assert rotation.deadline() is None
