from __future__ import annotations

import pytest

from sipagent.sip.malformed import drop_stray_ack, refuse_malformed
from sipagent.sip.requests import MAX_REQUEST_HEADERS, Answer, Drop, Request, parse_request

INVITE = (
    "INVITE sip:agent@h SIP/2.0\r\nf: <sip:a@h>\r\nTo: <sip:b@h>\r\ni: c1\r\nCSeq: 1 INVITE\r\n"
)
BODY = "\r\ni: c2\r\nCSeq: 2 INVITE\r\n"
REFUSED = Answer(400, why="malformed")


def judged(text: str) -> Answer | None:
    return refuse_malformed(parse_request(text, "h:1", at=0.0))


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("line", ["Call-ID: c1", "i : c2", "From: x", "t: y", "cseq: 1 INVITE"])
def test_what_there_is_one_of_comes_once(line: str, line_end: str) -> None:
    assert judged((INVITE + BODY).replace("\r\n", line_end)) is None
    assert judged((INVITE + line + "\r\n" + BODY).replace("\r\n", line_end)) == REFUSED


def test_others_may_come_more_than_once() -> None:
    assert judged(INVITE + "Via: a\r\nVia: b\r\nv: c\r\n" + BODY) is None


def test_more_headers_than_are_looked_at_are_refused() -> None:
    via, room = "Via: a\r\n", MAX_REQUEST_HEADERS - 4
    assert judged(INVITE + via * room + BODY) is None
    assert judged(INVITE + via * (room + 1) + BODY) == REFUSED


@pytest.mark.parametrize(("is_merged", "decision"), [(True, Drop()), (False, None)])
def test_an_ack_that_would_be_taken_for_an_invite_is_dropped(
    is_merged: bool, decision: Drop | None
) -> None:
    ack = Request("ACK", "sip:agent@h", "h:1", 0.0, is_merged=is_merged)
    assert drop_stray_ack(ack) == decision
