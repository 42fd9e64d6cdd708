"""What an INVITE says that goes wrong elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.headers import parse_invite
from sipagent.sip.interop import FINDINGS, UNACCEPTABLE, interop_findings
from sipagent.sip.security import SrtpSettings

SOURCE = "203.0.113.5:5060"
VIA = "SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1;rport"
KEYS = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0"


def sdp(
    *more: str, connection: str = "203.0.113.5", media: str = "audio 4000 RTP/AVP 0 101"
) -> str:
    events = ("a=rtpmap:101 telephone-event/8000",) if "101" in media else ()
    lines = ("v=0", f"c=IN IP4 {connection}", f"m={media}", *events, *more)
    return "\r\n".join(lines) + "\r\n"


def findings(
    body: str = "",
    *,
    via: str = VIA,
    contact: str = "<sip:a@203.0.113.5>",
    mode: str = "off",
    keying: tuple[str, ...] = ("sdes",),
) -> tuple[str, ...]:
    text = f"INVITE sip:b@x SIP/2.0\r\nVia: {via}\r\nm: {contact}\r\n\r\n{body or sdp()}"
    srtp = SrtpSettings.model_validate({"mode": mode, "keying": keying})
    return interop_findings(parse_invite(text, SOURCE), text, codecs=("PCMU", "G722"), srtp=srtp)


def test_a_usual_invite_has_none() -> None:
    assert findings() == ()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (sdp(connection="10.1.2.3"), ("private_address_in_sdp",)),
        (sdp(connection="100.64.0.9"), ("private_address_in_sdp",)),
        (sdp("c=IN IP4 192.168.0.9"), ("private_address_in_sdp",)),
        (sdp("c=IN IP4 203.0.113.9", connection="10.1.2.3"), ()),
        (sdp(connection="0.0.0.0"), ("connection_address_zero",)),
        (sdp(connection="gateway.example.org"), ()),
        (sdp(media="audio 4000 RTP/AVP 0"), ("no_telephone_event",)),
        (sdp(media="audio 4000 RTP/AVP 18 101"), ("no_common_codec",)),
        (sdp(media="video 4000 RTP/AVP 31 101"), ("no_audio",)),
        (sdp(media="audio 0 RTP/AVP 0 101"), ("no_audio",)),
        (sdp("a=ptime:30"), ("odd_ptime",)),
        (sdp("a=ptime:20"), ()),
        (sdp("a=ptime:soon"), ()),
        (sdp(KEYS), ("srtp_without_tls",)),
        ("x" * 1_301, ("large_over_udp", "no_audio")),
    ],
)
def test_offers(body: str, found: tuple[str, ...]) -> None:
    assert findings(body) == found


def test_the_second_section_says_nothing_about_the_first() -> None:
    video = ("m=video 4002 RTP/AVP 31", "c=IN IP4 10.0.0.1", "a=ptime:30", KEYS)
    assert findings(sdp(*video)) == ()
    before = "v=0\r\nc=IN IP4 203.0.113.5\r\nm=video 0 RTP/AVP 31\r\nc=IN IP4 10.0.0.1\r\n"
    assert findings(before + "\r\n".join(sdp().split("\r\n")[2:])) == ()


def test_a_private_address_is_nothing_unusual_on_a_private_line() -> None:
    text = f"INVITE sip:b@x SIP/2.0\r\nVia: {VIA}\r\n\r\n{sdp(connection='10.1.2.3')}"
    invite = parse_invite(text, "10.1.2.3:5060")
    assert interop_findings(invite, text, codecs=("PCMU",), srtp=SrtpSettings()) == ()


@pytest.mark.parametrize(
    ("contact", "is_found"),
    [
        ("<sip:a@192.168.1.4:5062;transport=udp>", True),
        ("sip:192.168.1.4", True),
        ("<sip:a@[fd00::1]:5060>", True),
        ("<sip:a@pbx.example.org>", False),
        ("", False),
    ],
)
def test_contacts(contact: str, is_found: bool) -> None:
    assert ("private_contact" in findings(contact=contact)) is is_found


@pytest.mark.parametrize(
    ("via", "is_found"),
    [
        ("SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1", True),
        ("SIP/2.0/UDP 203.0.113.5;RPORT;branch=z9hG4bK1", False),
        ("SIP/2.0/TCP 203.0.113.5;branch=z9hG4bK1", False),
    ],
)
def test_rport(via: str, is_found: bool) -> None:
    assert ("no_rport" in findings(via=via)) is is_found


def test_an_invite_without_offer_is_told() -> None:
    text = f"INVITE sip:b@x SIP/2.0\r\nVia: {VIA}\r\n\r\n"
    found = interop_findings(parse_invite(text, SOURCE), text, codecs=(), srtp=SrtpSettings())
    assert found == ("no_offer",)


@pytest.mark.parametrize(
    ("mode", "profile", "key", "found"),
    [
        ("required", "RTP/AVP", "", ("plain_audio",)),
        ("required", "RTP/AVP", KEYS, ()),
        ("required", "RTP/SAVP", KEYS, ()),
        ("optional", "RTP/AVP", "", ()),
        ("off", "RTP/SAVP", KEYS, ("encrypted_audio",)),
        ("required", "UDP/TLS/RTP/SAVPF", "a=fingerprint:sha-256 AB", ("encrypted_audio",)),
    ],
)
def test_what_is_encrypted_and_what_is_wanted(
    mode: str, profile: str, key: str, found: tuple[str, ...]
) -> None:
    body = sdp(key, media=f"audio 4000 {profile} 0 101")
    assert findings(body, via=VIA.replace("UDP", "TLS"), mode=mode) == found


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    ("mode", "found"),
    [("off", ()), ("optional", ("srtp_without_tls",)), ("required", ("srtp_without_tls",))],
)
def test_of_an_offer_of_both_the_one_we_take_is_judged(
    mode: str, found: tuple[str, ...], order: tuple[int, int]
) -> None:
    events = "a=rtpmap:101 telephone-event/8000"
    both = (
        f"m=audio 4000 RTP/AVP 0 101\r\n{events}",
        f"m=audio 4002 RTP/SAVP 0 101\r\n{events}\r\n{KEYS}",
    )
    head = "v=0\r\nc=IN IP4 203.0.113.5"
    body = "\r\n".join((head, *(both[index] for index in order), ""))
    assert findings(body, mode=mode) == found


def test_dtls_is_no_finding_where_it_is_known() -> None:
    body = sdp("a=fingerprint:sha-256 AB", media="audio 4000 UDP/TLS/RTP/SAVP 0 101")
    assert findings(body, mode="required", keying=("dtls",)) == ()


def test_every_name_has_a_sentence() -> None:
    assert {*UNACCEPTABLE} < {*FINDINGS}
    assert all(sentence and not sentence.endswith(".") for sentence in FINDINGS.values())


@given(
    st.text() | st.lists(st.sampled_from(sdp(KEYS, "a=ptime:").split()), max_size=9).map("\n".join)
)
def test_garbage_is_never_an_error(text: str) -> None:
    for each in (text, f"INVITE x\n\n{text}", f"INVITE sip:a@b SIP/2.0\nVia: {text}\nm: {text}"):
        found = interop_findings(
            parse_invite(each, text), each, codecs=("PCMU",), srtp=SrtpSettings()
        )
        assert {*found} <= {*FINDINGS}


def test_every_finding_is_on_the_page_with_its_sentence() -> None:
    page = Path("docs/sip.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| `(\w+)` \| (.*)\. \|$", page, re.MULTILINE))
    assert {name: written[name].lower() for name in FINDINGS} == {
        name: sentence.lower() for name, sentence in FINDINGS.items()
    }
