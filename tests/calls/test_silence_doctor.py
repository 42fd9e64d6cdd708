"""Why calls are silent: playbooks without a clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.calls.silence_doctor import Named, Over, Sight, SilenceDoctor

PEER = "192.0.2.9:4000"
NOTHING = Sight(0, 100, 100, 100, 0, "", PEER)
"""After two seconds."""


def seen(**changes: object) -> Sight:
    return replace(NOTHING, **changes)  # type: ignore[arg-type]


FINE = seen(packets_in=100, empty_frames=2, zero_frames=2, sound_frames=40, rtp_source=PEER)


def cause(sight: Sight) -> str | None:
    (named,) = SilenceDoctor(now=10.0).look(sight, now=12.5) or (None,)
    return named.cause if named is not None else None


@pytest.mark.parametrize(
    ("sight", "named"),
    [
        (NOTHING, "no_rtp"),
        (seen(rtp_source="198.51.100.1:4000"), "rtp_from_elsewhere"),
        (seen(rtp_source=PEER), "rtp_rejected"),
        (seen(rtp_source="192.0.2.9:4002"), "rtp_rejected"),
        (seen(packets_in=9, rtp_source=PEER), "no_rtp"),
        (seen(packets_in=100, rtp_source=PEER), "wrong_codec"),
        (seen(packets_in=100, empty_frames=3, rtp_source=PEER), "digital_silence"),
        (seen(packets_in=70, empty_frames=30, zero_frames=66, rtp_source=PEER), "digital_silence"),
        (seen(packets_in=70, empty_frames=30, zero_frames=60, rtp_source=PEER), None),
        (seen(packets_in=55, empty_frames=45, zero_frames=66, rtp_source=PEER), None),
        (replace(FINE, is_echo=True), "own_echo"),
        (replace(FINE, sound_frames=0), None),
        (FINE, None),
    ],
)
def test_a_silence_has_a_cause(sight: Sight, named: str | None) -> None:
    assert cause(sight) == named


def test_nothing_is_named_before_two_seconds() -> None:
    doctor = SilenceDoctor(now=10.0)
    assert doctor.look(NOTHING, now=11.9) == []
    assert [type(each) for each in doctor.look(NOTHING, now=12.0)] == [Named]


def test_an_echo_is_named_as_soon_as_it_is_known() -> None:
    doctor = SilenceDoctor(now=0.0)
    assert doctor.look(FINE, now=2.0) == []
    (named,) = doctor.look(replace(FINE, sound_frames=99, is_echo=True), now=2.5)
    assert isinstance(named, Named) and named.cause == "own_echo"
    assert doctor.look(replace(FINE, sound_frames=99, is_echo=True), now=3.0) == []


def test_packets_that_were_not_played_yet_change_no_cause() -> None:
    doctor = SilenceDoctor(now=0.0)
    (named,) = doctor.look(NOTHING, now=2.0)
    assert doctor.look(seen(packets_in=20, empty_frames=125, frames=125), now=2.5) == []
    late = seen(packets_in=45, empty_frames=130, frames=150, sound_frames=20)
    (over,) = doctor.look(late, now=3.0)
    assert isinstance(named, Named) and isinstance(over, Over)
    assert named.cause == over.cause == "no_rtp"


def test_a_cause_is_named_once_and_another_one_too() -> None:
    doctor = SilenceDoctor(now=0.0)
    assert len(doctor.look(NOTHING, now=2.0)) == 1
    assert doctor.look(NOTHING, now=2.5) == []
    assert doctor.look(seen(packets_in=20, empty_frames=125, frames=125), now=3.0) == []
    (other,) = doctor.look(seen(packets_in=45, empty_frames=150, frames=150), now=3.5)
    assert isinstance(other, Named) and other.cause == "wrong_codec"


def test_the_first_sound_takes_it_back() -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.look(NOTHING, now=2.0)
    assert doctor.look(FINE, now=4.0) == [Over("no_rtp", 4_000)]
    assert doctor.look(FINE, now=4.5) == []


def looks(doctor: SilenceDoctor, sight: Sight, packets: int, *, since: float) -> list[str]:
    """Look for a minute at a caller who makes no sound; return what is named.

    Args:
        doctor: Looks twice a second.
        sight: The last one.
        packets: That come in each half second, of 25 frames.
        since: When that was.
    """
    named: list[str] = []
    for step in range(1, 120):
        now, frames = since + step / 2, sight.frames + 25 * step
        came = sight.packets_in + packets * step
        empty = sight.empty_frames + (25 - min(packets, 25)) * step
        seen_now = replace(sight, packets_in=came, frames=frames, empty_frames=empty)
        named += [each.cause for each in doctor.look(seen_now, now=now) if isinstance(each, Named)]
    return named


def test_a_line_that_dies_long_after_the_last_sound_is_named_in_time() -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.look(FINE, now=1.0)
    assert looks(doctor, FINE, 25, since=1.0) == []
    last = replace(FINE, packets_in=100 + 25 * 119, frames=100 + 25 * 119)
    dead = [replace(last, frames=last.frames + 25 * step) for step in range(1, 7)]
    told = [doctor.look(sight, now=60.5 + step / 2) for step, sight in enumerate(dead, 1)]
    assert [len(each) for each in told] == [0, 0, 0, 1, 0, 0]
    assert isinstance(told[3][0], Named) and told[3][0].cause == "no_rtp"


@pytest.mark.parametrize(("packets", "named"), [(1, []), (3, []), (0, ["no_rtp"])])
def test_a_telephone_that_was_heard_may_send_comfort_noise(packets: int, named: list[str]) -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.look(FINE, now=1.0)
    assert looks(doctor, FINE, packets, since=1.0) == named


def test_a_caller_who_listens_after_speaking_is_not_silent_for_a_cause() -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.look(FINE, now=1.0)
    muted = replace(FINE, packets_in=400, frames=400, zero_frames=302)
    assert doctor.look(muted, now=7.0) == []


def test_packets_that_stop_are_no_rtp_wherever_they_came_from() -> None:
    doctor = SilenceDoctor(now=0.0)
    elsewhere = replace(FINE, rtp_source="198.51.100.1:4000")
    doctor.look(elsewhere, now=1.0)
    (named,) = doctor.look(replace(elsewhere, frames=200, empty_frames=102), now=3.0)
    assert isinstance(named, Named) and named.cause == "no_rtp"


def test_a_call_on_hold_is_silent_as_it_should_be() -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.held(is_held=True, sight=NOTHING, now=1.0)
    assert doctor.look(NOTHING, now=60.0) == []
    doctor.held(is_held=False, sight=NOTHING, now=60.0)
    assert doctor.look(NOTHING, now=61.0) == []
    later = replace(NOTHING, frames=200, empty_frames=200)
    assert [type(each) for each in doctor.look(later, now=62.0)] == [Named]


def test_an_agent_whose_turn_it_is_is_named_when_it_says_nothing() -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.agent_owes(1.0)
    doctor.agent_owes(2.0)
    assert doctor.look(FINE, now=2.9) == []
    (named,) = doctor.look(FINE, now=3.0)
    assert isinstance(named, Named) and named.cause == "agent_silent"
    assert doctor.look(FINE, now=3.5) == []
    assert doctor.agent_acts(5.0) == [Over("agent_silent", 4_000)]
    assert doctor.agent_acts(6.0) == []


def test_an_agent_that_answers_in_time_is_not() -> None:
    doctor = SilenceDoctor(now=0.0)
    doctor.agent_owes(1.0)
    assert doctor.agent_acts(2.0) == []
    assert doctor.look(FINE, now=9.0) == []


sights = st.builds(
    Sight,
    *[st.integers(0, 500) for _ in range(5)],
    st.sampled_from(["", PEER, "198.51.100.1:1", "["]),
    st.sampled_from(["", PEER]),
    st.booleans(),
)


@given(st.lists(st.tuples(sights, st.floats(0.0, 5.0), st.sampled_from("loahr")), max_size=30))
def test_whatever_is_seen_every_end_has_a_beginning(
    steps: list[tuple[Sight, float, str]],
) -> None:
    doctor, now, open_causes = SilenceDoctor(now=0.0), 0.0, set()
    for sight, passed_s, what in steps:
        now += passed_s
        told: list[Named | Over] = []
        match what:
            case "l":
                told = doctor.look(sight, now=now)
            case "o":
                doctor.agent_owes(now)
            case "a":
                told = [*doctor.agent_acts(now)]
            case _:
                doctor.held(is_held=what == "h", sight=sight, now=now)
        for each in told:
            if isinstance(each, Named):
                open_causes.add(each.cause)
            else:
                assert each.cause in open_causes and each.silent_ms >= 0
