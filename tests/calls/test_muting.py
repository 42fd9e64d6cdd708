"""What a mute means for the agent and for the endpoint."""

from __future__ import annotations

from sipagent.calls.hold import Hears
from sipagent.calls.muting import Muting
from sipagent.operator_acts import Mute

TURNS = {"type": "server_vad", "idle_timeout_ms": 6_000, "create_response": True}
QUIET = {"type": "server_vad", "idle_timeout_ms": None, "create_response": False}
MUTE, UNMUTE = Mute("inbound", is_muted=True), Mute("inbound", is_muted=False)
HUSH, UNHUSH = Mute("outbound", is_muted=True), Mute("outbound", is_muted=False)


def test_a_caller_who_is_muted_is_not_heard_and_nothing_is_asked_meanwhile() -> None:
    muting = Muting(TURNS)
    assert muting.hears is Hears.ALL
    assert muting.act(MUTE) == QUIET
    assert (muting.hears, muting.is_caller_muted) == (Hears.NOTHING, True)
    assert muting.act(UNMUTE) == TURNS
    assert (muting.hears, muting.is_caller_muted) == (Hears.ALL, False)


def test_a_turn_that_was_begun_is_ended_by_silence() -> None:
    muting = Muting(TURNS)
    muting.turn(is_open=True)
    muting.act(MUTE)
    ended = [muting.hears]
    muting.turn(is_open=False)
    assert [*ended, muting.hears] == [Hears.SILENCE, Hears.NOTHING]


def test_an_agent_who_is_muted_hears_the_caller() -> None:
    muting = Muting(TURNS)
    assert muting.act(HUSH) == QUIET
    assert (muting.hears, muting.is_agent_muted) == (Hears.ALL, True)


def test_the_endpoint_decides_again_when_the_last_mute_is_over() -> None:
    muting = Muting(TURNS)
    assert muting.act(MUTE) == QUIET
    assert muting.act(MUTE) is None
    assert muting.act(HUSH) is None
    assert muting.act(UNMUTE) is None
    assert muting.act(UNHUSH) == TURNS


def test_a_hold_that_ends_does_not_end_a_mute() -> None:
    muting = Muting(TURNS)
    muting.act(MUTE)
    assert muting.held(is_held=True) is None
    assert muting.held(is_held=False) == QUIET


def test_a_mute_that_ends_does_not_end_a_hold() -> None:
    muting = Muting(TURNS)
    muting.act(MUTE)
    muting.held(is_held=True)
    assert muting.act(UNMUTE) is None
    assert muting.held(is_held=False) is None


def test_another_session_is_told_too() -> None:
    muting = Muting(TURNS)
    assert muting.session_replaced() is None
    muting.act(MUTE)
    assert muting.session_replaced() == QUIET


def test_an_endpoint_that_does_nothing_by_itself_is_left_alone() -> None:
    assert Muting(None).act(MUTE) is None
