from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.headers import (
    Invite,
    awaits_our_offer,
    invite_of_headers,
    offered_codecs,
    parse_invite,
    uri_user,
)

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 18 8 0 96 101\r\na=rtpmap:96 opus/48000/2\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)


def invite(*headers: str, uri: str = "sip:+4930123@192.0.2.9", body: str = "") -> Invite:
    """Parse an INVITE made of a request line, ``headers`` and ``body``."""
    head = "\r\n".join((f"INVITE {uri} SIP/2.0", *headers))
    return parse_invite(f"{head}\r\n\r\n{body}", "192.0.2.1:5060")


def caller(value: str) -> tuple[str, str, str]:
    """Return name, URI and user read from a From value."""
    read = invite(f"From: {value}")
    return read.caller_name, read.caller_uri, read.caller_user


@pytest.mark.parametrize(
    ("header", "body", "awaits"),
    [
        ("Supported: timer, 100rel", "", True),
        ("k: 100REL", "", True),
        ("Require: 100rel", "", True),
        ("Supported: timer", "", False),
        ("Supported: 100rel", OFFER, False),
    ],
)
def test_whose_first_reliable_response_must_hold_our_offer(
    header: str, body: str, awaits: bool
) -> None:
    assert awaits_our_offer(invite(header, body=body)) is awaits


def test_an_ordinary_invite_is_read_whole() -> None:
    read = invite(
        "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK1",
        'From: "Ada L." <sip:+4915112@example.org>;tag=1',
        "To: <sip:+4930123@192.0.2.9>",
        "Call-ID: abc@example.org",
        "X-Room: 7",
        body=OFFER,
    )
    assert read.called_user == "+4930123"
    assert read.called_uri == "sip:+4930123@192.0.2.9"
    assert (read.caller_user, read.caller_name) == ("+4915112", "Ada L.")
    assert read.caller_uri == "sip:+4915112@example.org"
    assert read.sip_call_id == "abc@example.org"
    assert read.transport == "tcp"
    assert read.source_address == "192.0.2.1:5060"
    assert ("X-Room", "7") in read.headers
    assert read.has_offer
    assert read.offered_codecs == ("PCMA/8000", "PCMU/8000", "opus/48000/2")


def test_an_invite_without_a_body_has_no_offer() -> None:
    assert not invite("Call-ID: 1").has_offer


def test_compact_header_names_are_written_out() -> None:
    read = invite("i: abc", "f: <sip:ada@example.org>", "v: SIP/2.0/UDP host")
    assert (read.sip_call_id, read.caller_user, read.transport) == ("abc", "ada", "udp")


def test_folded_and_repeated_headers_keep_their_order() -> None:
    read = invite("X-Note: one", "\ttwo", "X-Note: three")
    assert read.headers == (("X-Note", "one two"), ("X-Note", "three"))


def test_a_uri_in_the_display_name_is_not_the_caller() -> None:
    name, uri, user = caller('"sip:+49110@police.example" <sip:mallory@example.org>')
    assert (uri, user) == ("sip:mallory@example.org", "mallory")
    assert name == "sip:+49110@police.example"


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("sip:ada@example.org;tag=1", "ada"),
        ("<sip:+123;phone-context=+49@example.org;user=phone>;tag=1", "+123"),
        ("<sip:+123;npdi;rn=+1999@example.org>", "+123"),
        ("<sip:ada:secret@example.org>", "ada"),
        ("<tel:+4930123;ext=7>", "+4930123"),
        ("<sip:a%20b%40c@example.org>", "a b@c"),
        ("Anonymous <sip:anonymous@anonymous.invalid>", "anonymous"),
        ("<sip:example.org>", ""),
        ("<http://example.org/x@y>", ""),
        ("<sip:", ""),
        ('"unclosed <sip:ada@example.org', ""),
        ("", ""),
    ],
)
def test_the_callers_user_part(value: str, user: str) -> None:
    assert caller(value)[2] == user


def test_quoted_names_lose_their_escapes() -> None:
    assert caller(r'"Ada \"the\" L." <sip:ada@example.org>')[0] == 'Ada "the" L.'


def test_control_characters_and_bad_bytes_never_reach_a_log() -> None:
    read = invite("X-Evil: a\x1b[31mb\x00c\udcffd\u2028e", uri="sip:x%0d%0ay@host")
    assert read.headers == (("X-Evil", "a[31mbcde"),)
    assert read.called_user == "xy"


def test_values_and_their_number_are_bounded() -> None:
    read = invite(*(f"X-{i}: {'v' * 100_000}" for i in range(1_000)))
    assert len(read.headers) == 128
    assert all(len(value) == 512 for _, value in read.headers)


@pytest.mark.parametrize(
    "sdp",
    [
        "m=audio",
        "m=",
        "m=audio 4 RTP/AVP x y z",
        "a=rtpmap:0 X/8000\r\nm=video 1 RTP/AVP 31",
        "\x00\udcff",
    ],
)
def test_a_broken_offer_has_no_codecs(sdp: str) -> None:
    assert offered_codecs(sdp) == ()


def test_only_the_first_audio_section_counts() -> None:
    sdp = "m=video 2 RTP/AVP 31\r\nm=audio 4 RTP/AVP 9\r\nm=audio 6 RTP/AVP 0\r\n"
    assert offered_codecs(sdp) == ("G722/8000",)


def test_a_rejected_audio_section_offers_nothing() -> None:
    assert offered_codecs("m=audio 0 RTP/AVP 0 8\r\n") == ()


@given(st.text(), st.text())
def test_no_text_is_an_error(head: str, body: str) -> None:
    read = parse_invite(f"{head}\r\n\r\n{body}", "")
    uri_user(head)
    for text in (read.called_user, read.caller_user, read.caller_name, read.sip_call_id):
        assert not any(ord(char) < 32 for char in text)
        text.encode()


def test_headers_alone_tell_who_calls_whom() -> None:
    headers = (
        ("Via", "SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1"),
        ("From", '"Ada" <sip:+4930123456@example.org;user=phone>;tag=1'),
        ("To", "<sip:proj_1@sip.example.org;transport=tls>"),
        ("Call-ID", "sip-1"),
        ("X-Line", "sales"),
        ("X-Line", "night"),
    )
    assert invite_of_headers(headers) == Invite(
        sip_call_id="sip-1",
        called_user="proj_1",
        called_uri="sip:proj_1@sip.example.org;transport=tls",
        caller_user="+4930123456",
        caller_uri="sip:+4930123456@example.org;user=phone",
        caller_name="Ada",
        headers=headers,
        source_address="",
        transport="tls",
        has_offer=False,
        offered_codecs=(),
    )


def test_headers_in_short_form_and_any_case_are_the_same() -> None:
    read = invite_of_headers([("f", "<tel:+4930123456>"), ("T", "sip:desk@x"), ("CALL-ID", "1")])
    assert (read.caller_user, read.called_user, read.sip_call_id) == ("+4930123456", "desk", "1")
    assert read.headers[:2] == (("from", "<tel:+4930123456>"), ("to", "sip:desk@x"))


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    read = invite_of_headers([("To", "<sip:first@x>"), ("To", "<sip:second@x>")])
    assert read.called_user == "first"


def test_nothing_is_known_of_an_invite_without_headers() -> None:
    read = invite_of_headers([])
    assert (read.called_user, read.caller_user, read.sip_call_id, read.headers) == ("", "", "", ())


def test_headers_of_somebody_elses_are_bounded_and_clean() -> None:
    read = invite_of_headers([("X-Long", "v" * 10_000), ("", "no name"), ("X\r\nEvil", "a\r\nb")])
    assert read.headers == (("X-Long", "v" * 512), ("XEvil", "ab"))
    assert len(invite_of_headers([("X", "1")] * 1_000).headers) == 128


@given(st.lists(st.tuples(st.text(), st.text())))
def test_no_headers_are_an_error(headers: list[tuple[str, str]]) -> None:
    read = invite_of_headers(headers)
    for text in (read.called_user, read.caller_user, read.caller_name, read.sip_call_id):
        assert not any(ord(char) < 32 for char in text)
        text.encode()
