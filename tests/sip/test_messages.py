"""SIP messages by dialog: what is kept, for how long, and what never is."""

from __future__ import annotations

from sipagent.sip.messages import (
    FIRST_MESSAGES,
    LAST_MESSAGES,
    MAX_CHARS,
    MAX_DIALOGS,
    SipMessages,
    without_secrets,
)


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
