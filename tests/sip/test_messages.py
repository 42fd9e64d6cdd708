"""SIP messages by dialog: what is kept, for how long, and what never is."""

from __future__ import annotations

from time import thread_time

import pytest

from sipagent.sip.headers import name_and_uri
from sipagent.sip.info import read_info
from sipagent.sip.messages import (
    FIRST_MESSAGES,
    LAST_MESSAGES,
    MAX_CHARS,
    MAX_DIALOGS,
    SipMessages,
    without_secrets,
)
from sipagent.sip.refer import refer_target


def message(sip_call_id: str, first: str = "OPTIONS sip:a SIP/2.0", body: str = "") -> str:
    return f"{first}\r\nCall-ID: {sip_call_id}\r\nCSeq: 1 OPTIONS\r\n\r\n{body}"


def texts(messages: SipMessages, *sip_call_ids: str) -> list[str]:
    return [each.text.partition("\r\n")[0] for each in messages.of(sip_call_ids)]


def test_messages_of_a_dialog_come_back_in_order_with_direction_and_peer() -> None:
    kept = SipMessages()
    kept.add("in", "192.0.2.1:5060", message("a", "INVITE sip:x SIP/2.0"), at=1.0)
    kept.add("out", "192.0.2.1:5060", message("a", "SIP/2.0 200 OK"), at=2.0)
    kept.add("in", "192.0.2.9:5060", message("b"), at=1.5)
    first, second = kept.of(["a"])
    assert (first.direction, first.peer, first.at) == ("in", "192.0.2.1:5060", 1.0)
    assert second.text.startswith("SIP/2.0 200 OK\r\n")
    assert texts(kept, "b", "a", "a") == [
        "INVITE sip:x SIP/2.0",
        "OPTIONS sip:a SIP/2.0",
        "SIP/2.0 200 OK",
    ]


def test_the_compact_name_of_the_header_counts_too() -> None:
    kept = SipMessages()
    kept.add("in", "p", "BYE sip:x SIP/2.0\r\ni: a@b\r\n\r\n", at=1.0)
    kept.add("in", "p", "no call id\r\n\r\n", at=1.0)
    assert texts(kept, "a@b") == ["BYE sip:x SIP/2.0"]


def test_a_flood_of_strangers_pushes_out_no_dialog_that_is_kept() -> None:
    kept = SipMessages()
    kept.add("in", "p", message("mine"), at=0.0)
    kept.keep("mine")
    kept.add("in", "p", message("stranger"), at=0.0)
    for number in range(MAX_DIALOGS):
        kept.add("in", "p", message(f"s{number}"), at=1.0)
    assert len(texts(kept, "mine")) == 1
    assert texts(kept, "stranger") == []
    kept.let_go("mine")
    kept.let_go("mine")
    assert texts(kept, "mine") == []


def test_a_dialog_that_never_ends_keeps_its_beginning_and_its_end() -> None:
    kept = SipMessages()
    kept.keep("a")
    for number in range(FIRST_MESSAGES + LAST_MESSAGES + 5):
        kept.add("in", "p", message("a", f"OPTIONS sip:{number} SIP/2.0"), at=number)
    found = [int(text.split(":")[1].split()[0]) for text in texts(kept, "a")]
    assert len(found) == FIRST_MESSAGES + LAST_MESSAGES
    assert found[0] == 0 and found[FIRST_MESSAGES] == FIRST_MESSAGES + 5


def test_a_message_is_cut_where_nothing_matters_any_more() -> None:
    kept = SipMessages()
    kept.add("in", "p", message("a", body="x" * MAX_CHARS), at=0.0)
    (found,) = kept.of(["a"])
    assert len(found.text) == MAX_CHARS


def test_responses_to_challenges_are_not_kept() -> None:
    header = 'Authorization: Digest username="u", nonce="n", response="0a1b2c", uri="sip:a"'
    shown = without_secrets(f"REGISTER sip:a SIP/2.0\r\n{header}\r\n\r\n")
    assert 'response="…"' in shown and 'nonce="n"' in shown


def test_keys_sent_by_info_are_not_kept() -> None:
    relay = without_secrets(
        "INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\n"
        "Signal=4\r\nDuration=160\r\n"
    )
    assert "Signal=x\r\nDuration=160" in relay
    plain = without_secrets("INFO sip:a SIP/2.0\r\nc: application/dtmf\r\n\r\n7")
    assert plain.endswith("\r\n\r\nx")
    other = without_secrets("INFO sip:a SIP/2.0\r\nContent-Type: text/plain\r\n\r\n7")
    assert other.endswith("7")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Signal:4", "Signal:x"),
        (" signal = 10 ", " signal = x "),
        ("Signal=\n4", "Signal=\nx"),
        ("4 5 6", "x"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_keys_are_hidden_however_they_are_written(written: str, shown: str, newline: str) -> None:
    head = newline.join(["INFO sip:a SIP/2.0", "c:application/dtmf-relay", "", ""])
    assert without_secrets(head + written) == head + shown


def test_passwords_and_keys_of_srtp_are_not_kept() -> None:
    lines = (
        "INVITE sip:a SIP/2.0",
        "Authorization: Basic dXNlcjpwYXNz",
        "Proxy-Authorization: Digest response=0a1b, realm=b",
        "",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^31",
    )
    shown = without_secrets("\r\n".join(lines))
    assert not any(secret in shown for secret in ("dXNl", "0a1b", "c2Vj"))
    assert "Basic …" in shown and "realm=b" in shown and "inline:…|2^31" in shown
    assert "0a1b" not in without_secrets(
        'INVITE sip:a SIP/2.0\r\nAuthorization: Digest response="0a1b'
    )


@pytest.mark.parametrize(
    "body",
    ["\n" * 8_000, "\r\n" * 4_000, "signal=" + "\n" * 8_000, "duration=" + " " * 8_000 + "x"],
)
def test_what_a_peer_writes_takes_no_time_to_look_through(body: str) -> None:
    head = "INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\n"
    before = thread_time()
    without_secrets(head + body)
    read_info(head + body + "x")
    name_and_uri(body)
    refer_target(body)
    assert thread_time() - before < 0.1


def test_bytes_that_are_no_text_are_kept_as_something_that_can_be_written() -> None:
    kept = SipMessages()
    kept.add("in", "p", message("a", body="caf\udce9\x00"), at=0.0)
    (found,) = kept.of(["a"])
    assert found.text.endswith("caf\N{REPLACEMENT CHARACTER}\x00")
    assert found.text.encode()
