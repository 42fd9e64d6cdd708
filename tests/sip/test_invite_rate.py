"""INVITEs that come too fast for PJSIP's sockets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.invite_rate import (
    DIALS_PER_WINDOW,
    INVITES_PER_WINDOW,
    WINDOW_S,
    DialRate,
    InviteFlood,
    InviteRate,
)
from sipagent.sip.requests import Answer, Request, parse_request

FLOOD = Answer(503, (("Retry-After", "1"),), "flood")


def test_a_burst_is_admitted_up_to_the_limit_and_again_after_the_window() -> None:
    rate = InviteRate()
    assert all(rate.admits(now=1.0) for _ in range(INVITES_PER_WINDOW))
    assert not rate.admits(now=1.0 + WINDOW_S - 0.01)
    assert rate.admits(now=1.0 + WINDOW_S)


@given(st.lists(st.floats(0, 0.2), max_size=200))
def test_no_window_ever_holds_more_than_the_limit(pauses: list[float]) -> None:
    rate, now, admitted = InviteRate(), 0.0, []
    for pause in pauses:
        now += pause
        if rate.admits(now=now):
            admitted.append(now)
    for start in admitted:
        assert sum(start <= at < start + WINDOW_S for at in admitted) <= INVITES_PER_WINDOW


def test_another_number_of_them_may_be_admitted() -> None:
    rate = InviteRate(2)
    assert [rate.admits(now=0.0) for _ in range(3)] == [True, True, False]


def offer(sections: int, method: str = "INVITE", *, is_in_dialog: bool = False) -> Request:
    text = f"{method} sip:a@b SIP/2.0\r\n\r\nv=0\r\n" + "m=Audio 4 RTP/AVP 0\n" * sections
    return replace(parse_request(text, "192.0.2.1:5060", at=1.0), is_in_dialog=is_in_dialog)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "PRACK"])
def test_an_offer_of_much_media_is_refused(method: str) -> None:
    flood = InviteFlood()
    for is_in_dialog in (True, False):
        much, enough = (offer(count, method, is_in_dialog=is_in_dialog) for count in (5, 4))
        assert flood.at_the_door(much) == Answer(488, why="too_much_media")
        assert flood.at_the_door(enough) is None


def test_every_audio_section_of_new_invites_counts() -> None:
    flood = InviteFlood()
    answers = [flood.at_the_desk(offer(4)) for _ in range(5)]
    assert answers == [None] * (INVITES_PER_WINDOW // 4) + [FLOOD]


def test_in_dialogs_only_further_sections_count() -> None:
    flood = InviteFlood()
    two, one = (offer(count, is_in_dialog=True) for count in (2, 1))
    assert [flood.at_the_door(two) for _ in range(17)] == [None] * INVITES_PER_WINDOW + [FLOOD]
    assert flood.at_the_door(one) is None


def test_dials_beyond_the_limit_wait_for_their_turn_and_not_for_long() -> None:
    rate = DialRate(2, longest_wait_s=1.0)
    waits = [rate.wait_s(now=10.0) for _ in range(6)]
    assert waits == [0.0, 0.0, WINDOW_S, WINDOW_S, None, None]
    assert rate.wait_s(now=11.0) == 0.5  # its turn is behind those that wait


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_no_window_ever_sees_more_dials_than_the_limit(pauses: list[float]) -> None:
    rate, now, sent = DialRate(), 0.0, []
    for pause in pauses:
        now += pause
        wait_s = rate.wait_s(now=now)
        if wait_s is not None:
            sent.append(now + wait_s)
    for start in sent:  # a hair: sums of floats
        inside = sum(start <= at < start + WINDOW_S - 1e-6 for at in sent)
        assert inside <= DIALS_PER_WINDOW
