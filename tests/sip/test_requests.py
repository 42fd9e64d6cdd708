from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.options import Capacity, OptionsAnswer
from sipagent.sip.requests import Answer, Drop, decide, parse_request

TEXT = (
    "INVITE sip:agent@h SIP/2.0\r\nf: <sip:a@h;tag=no>;tag=one\r\nt: sip:b@h;tag=two\r\n"
    "i: c1\r\nX-Folded: a\r\n  b\r\nAuthorization: Digest 1\r\nauthorization: Digest 2\r\n\r\n"
    "To: <sip:body@h>;tag=body\r\n"
)


def test_what_is_looked_at_of_a_request() -> None:
    request = parse_request(TEXT, "[2001:db8::1]:5060", at=1.0)
    assert (request.method, request.uri) == ("INVITE", "sip:agent@h")
    assert request.source == "2001:db8::1"
    assert request.first("call-id") == "c1"
    assert (request.tag("from"), request.tag("to")) == ("one", "two")
    assert request.first("x-folded") == "a b"
    given = [value for name, value in request.headers if name == "authorization"]
    assert given == ["Digest 1", "Digest 2"]


def test_a_request_without_tags_has_none() -> None:
    request = parse_request("BYE sip:a@h SIP/2.0\r\nTo: <sip:b@h;tag=no>\r\n\r\n", "", at=0.0)
    assert request.tag("to") == request.tag("from") == request.source == ""


@given(st.text(max_size=300))
def test_garbage_is_read_as_nothing(text: str) -> None:
    request = parse_request(text, text, at=0.0)
    assert isinstance(request.tag("to") + request.first("via") + request.source, str)


def test_the_first_decider_with_an_opinion_decides() -> None:
    request = parse_request(TEXT, "h:1", at=0.0)
    silent, drop, answer = (lambda _: None), (lambda _: Drop("x")), (lambda _: Answer(200))
    assert decide((silent, drop, answer), request) == Drop("x")
    assert decide((silent,), request) is None


def test_an_ack_is_dropped_where_others_are_answered() -> None:
    ack = parse_request(TEXT.replace("INVITE", "ACK"), "h:1", at=0.0)
    assert decide((lambda _: Answer(400, why="x"),), ack) == Drop("x")
    assert decide((lambda _: None,), ack) is None


def test_options_say_what_is_free_or_when_to_come_back() -> None:
    options = parse_request("OPTIONS sip:h SIP/2.0\r\n\r\n", "h:1", at=0.0)
    free = (("X-Calls-Free", "3"), ("X-Calls-Limit", "4"))
    ready = OptionsAnswer(lambda: Capacity(3, 4))
    assert ready(options) == Answer(200, free, shows_capabilities=True)
    draining = OptionsAnswer(lambda: Capacity(3, 4, 30))
    assert draining(options) == Answer(503, (*free, ("Retry-After", "30")), shows_capabilities=True)
    assert ready(parse_request(TEXT, "h:1", at=0.0)) is None
