from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.dtls_sdp import (
    Way,
    audio_sections,
    inside,
    outside,
    picked,
    switched_off,
    with_profile,
)
from sipagent.sip.security import SrtpSettings

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n"
PRINT = "a=fingerprint:SHA-256 aa:bb"
KEYS = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"
RTP, RTCP = ("127.0.0.1", 7_000), ("127.0.0.1", 7_003)


def section(*lines: str, port: int = 4_000, profile: str = "UDP/TLS/RTP/SAVP") -> str:
    return "\r\n".join((f"m=audio {port} {profile} 0 101", *lines, ""))


def policy(mode: str, *keying: str) -> SrtpSettings:
    return SrtpSettings.model_validate({"mode": mode, "keying": keying})


def test_what_a_section_says() -> None:
    lines = (PRINT, "a=setup:actpass", "a=tls-id:x1", "a=rtcp:4005 IN IP4 192.0.2.6")
    (audio,) = audio_sections(HEAD + section(*lines))
    assert (audio.rtp, audio.rtcp) == (("192.0.2.5", 4_000), ("192.0.2.6", 4_005))
    assert (audio.setup, audio.tls_id) == ("actpass", "x1")
    assert audio.fingerprints == (("sha-256", "AA:BB"),)


def test_what_is_said_before_the_sections_holds_in_them() -> None:
    (audio,) = audio_sections(HEAD + PRINT + "\r\na=setup:active\r\n" + section("a=rtcp-mux"))
    assert audio.fingerprints == (("sha-256", "AA:BB"),)
    assert (audio.setup, audio.rtcp, audio.is_muxed) == ("active", audio.rtp, True)


@pytest.mark.parametrize(
    ("mode", "keying", "lines", "profile", "way"),
    [
        ("required", ["dtls"], [PRINT], "UDP/TLS/RTP/SAVP", "dtls"),
        ("required", ["dtls"], [PRINT], "UDP/TLS/RTP/SAVPF", "dtls"),
        ("required", ["dtls"], [PRINT], "RTP/AVP", "dtls"),
        ("required", ["dtls"], ["a=fingerprint:md5 AA"], "UDP/TLS/RTP/SAVP", None),
        ("required", ["dtls"], [KEYS], "RTP/SAVP", None),
        ("required", ["dtls"], [], "RTP/AVP", None),
        ("optional", ["dtls"], [], "RTP/AVP", "plain"),
        ("optional", ["dtls"], [], "RTP/SAVP", None),
        ("optional", ["sdes", "dtls"], [PRINT, KEYS], "RTP/SAVP", "sdes"),
        ("optional", ["dtls", "sdes"], [PRINT, KEYS], "RTP/SAVP", "dtls"),
        ("optional", ["sdes"], [PRINT], "UDP/TLS/RTP/SAVP", None),
    ],
)
def test_which_way_an_offer_is_taken(
    mode: str, keying: list[str], lines: list[str], profile: str, way: Way | None
) -> None:
    chosen = picked(HEAD + section(*lines, profile=profile), policy(mode, *keying))
    assert (chosen[1] if chosen is not None else None) == way


def test_of_two_sections_the_one_that_is_wanted_more_is_taken_and_the_other_switched_off() -> None:
    offer = HEAD + section(profile="RTP/AVP") + section(PRINT, port=5_000)
    chosen = picked(offer, policy("optional", "dtls"))
    assert chosen is not None
    assert (chosen[0].at, chosen[1]) == (2, "dtls")
    shown = inside(offer, *chosen, RTP, RTCP)
    assert "m=audio 0 RTP/AVP 0 101\r\n" in shown
    assert "m=audio 7000 RTP/AVP 0 101\r\n" in shown


def test_pjsip_is_shown_plain_audio_at_the_relay() -> None:
    lines = (PRINT, "a=setup:actpass", "a=rtcp-mux", "a=rtpmap:0 PCMU/8000", "a=sendonly")
    offer = HEAD + section("c=IN IP4 192.0.2.9", *lines)
    (audio,) = audio_sections(offer)
    shown = inside(offer, audio, "dtls", RTP, RTCP)
    for gone in ("fingerprint", "setup", "rtcp-mux", "192.0.2.9", "TLS"):
        assert gone not in shown
    assert "m=audio 7000 RTP/AVP 0 101\r\nc=IN IP4 127.0.0.1\r\n" in shown
    assert "a=sendonly\r\na=rtcp:7003 IN IP4 127.0.0.1\r\n" in shown


def test_a_peer_on_hold_by_its_address_is_shown_so() -> None:
    offer = HEAD.replace("192.0.2.5", "0.0.0.0") + section(PRINT)
    (audio,) = audio_sections(offer)
    assert "c=IN IP4 0.0.0.0" in inside(offer, audio, "dtls", RTP, RTCP).partition("m=")[2]


def test_the_peer_is_shown_the_relay_and_no_keys_of_pjsip() -> None:
    ours = HEAD + section(KEYS, "a=rtcp:4001 IN IP4 192.0.2.5", profile="RTP/AVP")
    shown = outside(
        ours,
        profile="UDP/TLS/RTP/SAVP",
        way="dtls",
        ports=(6_000, 6_001),
        attributes=["setup:active"],
    )
    assert "m=audio 6000 UDP/TLS/RTP/SAVP 0 101\r\n" in shown
    assert shown.endswith("a=rtcp:6001 IN IP4 192.0.2.5\r\na=setup:active\r\n")
    assert "crypto" not in shown
    assert "c=IN IP4 192.0.2.5" in shown


def test_profiles_and_ports_are_changed_in_audio_alone() -> None:
    text = HEAD + section(profile="RTP/AVP") + "m=video 4002 RTP/AVP 31\r\n"
    assert "m=audio 4000 X 0 101" in with_profile(text, "X")
    assert "m=video 4002 RTP/AVP 31" in with_profile(text, "X")
    assert "m=audio 0 RTP/AVP 0 101" in switched_off(text)


WORDS = (HEAD + section(PRINT, KEYS, "a=rtcp:99999 x", "a=setup:", "a=rtcp:")).split()


@given(
    st.text() | st.lists(st.sampled_from([*WORDS, "m=audio", "\r\n"]), max_size=30).map(" ".join)
)
def test_garbage_is_never_an_error(text: str) -> None:
    chosen = picked(text, policy("optional", "dtls", "sdes"))
    if chosen is not None:
        inside(text, *chosen, RTP, RTCP)
    outside(text, profile="X", way="dtls", ports=(2, 3), attributes=())
    switched_off(with_profile(text, "X"))
