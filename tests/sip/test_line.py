from __future__ import annotations

import pytest

from sipagent.sip.line import LineWishes, preferred, wished

OURS = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=pjmedia\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 8 9 101\r\nc=IN IP4 192.0.2.1\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)


def offer(formats: str, *lines: str, host: str = "192.0.2.2") -> str:
    """Return the peer's."""
    head = ("v=0", "o=- 1 1 IN IP4 192.0.2.2", "s=-", f"c=IN IP4 {host}", "t=0 0")
    return "\r\n".join((*head, f"m=audio 6000 RTP/AVP {formats}", *lines, ""))


def media(sdp: str) -> str:
    """Return the payload types of the audio."""
    return next(line for line in sdp.splitlines() if line.startswith("m=audio")).split(" ", 3)[3]


def test_without_wishes_nothing_changes() -> None:
    assert wished(OURS, "", LineWishes()) == OURS
    assert wished(OURS, offer("8 0"), LineWishes()) == OURS


def test_an_offer_has_the_wanted_codecs_first_and_the_others_after_them() -> None:
    assert media(wished(OURS, "", LineWishes(("G722", "PCMA")))) == "9 8 0 101"


def test_an_answer_has_the_preferred_that_was_offered_and_telephone_events() -> None:
    assert media(wished(OURS, offer("0 8 101"), LineWishes(("G722", "PCMA", "PCMU")))) == "8 101"


def test_payload_types_are_known_by_their_names() -> None:
    theirs = offer("96 0", "a=rtpmap:96 g722/8000")
    assert media(wished(OURS, theirs, LineWishes(("G722",)))) == "9 101"


def test_what_was_not_wished_for_is_better_than_no_call() -> None:
    assert media(wished(OURS, offer("0"), LineWishes(("G722",)))) == "9 0 8 101"


def test_a_packet_holds_what_is_wished_for() -> None:
    said = wished(
        OURS.replace("a=sendrecv", "a=ptime:20\r\na=sendrecv"), "", LineWishes(ptime_ms=30)
    )
    assert [line for line in said.splitlines() if "ptime" in line] == ["a=ptime:30"]


def test_what_is_switched_off_is_no_audio() -> None:
    refused = OURS.replace("m=audio", "m=audio 0 RTP/SAVP 0\r\nm=audio")
    assert "m=audio 4000 RTP/AVP 8 " in wished(refused, offer("0 8"), LineWishes(("PCMA",)))


def test_other_media_stay_as_they_are() -> None:
    said = wished(OURS + "m=video 0 RTP/AVP 31\r\n", "", LineWishes(("PCMA",), 40))
    assert said.endswith("a=ptime:40\r\nm=video 0 RTP/AVP 31\r\n")


@pytest.mark.parametrize(
    ("theirs", "direction"),
    [
        (offer("0"), "a=sendrecv"),
        (offer("0", host="0.0.0.0"), "a=recvonly"),
        (offer("0", "c=IN IP4 0.0.0.0"), "a=recvonly"),
        (offer("0", "c=IN IP4 192.0.2.3", host="0.0.0.0"), "a=sendrecv"),
        (offer("0", "m=video 0 RTP/AVP 31", "c=IN IP4 0.0.0.0"), "a=sendrecv"),
    ],
)
def test_who_wants_audio_nowhere_holds(theirs: str, direction: str) -> None:
    assert direction in wished(OURS, theirs, LineWishes()).splitlines()


@pytest.mark.parametrize("text", ["", "v=0", "m=video 1 RTP/AVP 31\r\n"])
def test_what_has_no_audio_is_left_alone(text: str) -> None:
    assert wished(text, "m=audio\r\n", LineWishes(("PCMA",), 30)) == text


def test_a_media_line_that_is_cut_off_harms_nobody() -> None:
    assert wished("m=audio \r\nm=", "m=audio", LineWishes(("PCMA",))) == "m=audio\r\nm=\r\n"


def test_the_codec_of_a_call_is_known_beforehand() -> None:
    offered = ("PCMU/8000", "opus/48000", "G722/8000")
    assert preferred(offered, ("G722",))[0] == "G722/8000"
    assert preferred(offered, ()) == offered
