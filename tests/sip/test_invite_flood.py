"""Offers of media that are more than PJSIP can take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sipagent.sip.invite_flood import InviteFlood
from sipagent.sip.requests import Answer, Request, parse_request
from sipagent.sip.socket_budget import INVITES_PER_WINDOW, MediaBudget

FLOOD = Answer(503, (("Retry-After", "1"),), "flood")


def offer(sections: int, method: str = "INVITE", *, is_in_dialog: bool = False) -> Request:
    text = f"{method} sip:a@b SIP/2.0\r\n\r\nv=0\r\n" + "m=Audio 4 RTP/AVP 0\n" * sections
    return replace(parse_request(text, "192.0.2.1:5060", at=1.0), is_in_dialog=is_in_dialog)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "PRACK"])
def test_an_offer_of_much_media_is_refused(method: str) -> None:
    flood = InviteFlood(MediaBudget())
    for is_in_dialog in (True, False):
        much, enough = (offer(count, method, is_in_dialog=is_in_dialog) for count in (5, 4))
        assert flood.at_the_door(much) == Answer(488, why="too_much_media")
        assert flood.at_the_door(enough) is None


def test_every_audio_section_of_new_invites_counts() -> None:
    flood = InviteFlood(MediaBudget())
    answers = [flood.at_the_desk(offer(4)) for _ in range(INVITES_PER_WINDOW // 4 + 1)]
    assert answers == [None] * (INVITES_PER_WINDOW // 4) + [FLOOD]


def test_in_dialogs_every_section_counts_and_what_has_none_does_not() -> None:
    flood = InviteFlood(MediaBudget())
    two, none = (offer(count, is_in_dialog=True) for count in (2, 0))
    answers = [flood.at_the_door(two) for _ in range(INVITES_PER_WINDOW // 2 + 1)]
    assert answers == [None] * (INVITES_PER_WINDOW // 2) + [FLOOD]
    assert flood.at_the_door(none) is None
