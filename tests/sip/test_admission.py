from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.admission import Admission
from sipagent.sip.digest import ALGORITHMS, REALM, Challenger, Credentials, digest_response
from sipagent.sip.requests import Answer, Drop, parse_request
from sipagent.sip.trunks import TrunkSettings, line_word

FRIEND, STRANGER = "192.0.2.7", "198.51.100.9"
PBX = {"name": "pbx", "allow": ["192.0.2.0/24"]}
ASKED = {"name": "asked", "user": "ada", "password": "hunter2", "challenge": True}
LINE = {
    "name": "line",
    "registrar": "sip:p.example",
    "user": "+4930",
    "password": "x",
    "register": True,
}


def admission(
    *trunks: dict[str, Any], strangers: Literal["accept", "refuse", "drop"] = "drop"
) -> Admission:
    return Admission([TrunkSettings.model_validate(each) for each in trunks], strangers, 5.0, b"s")


def request(
    method: str = "INVITE",
    source: str = FRIEND,
    uri: str = "sip:agent@h",
    headers: str = "",
    at: float = 0.0,
    port: str = "5060",
) -> Any:
    text = f"{method} {uri} SIP/2.0\r\nCall-ID: c1\r\n{headers}\r\n"
    return parse_request(text, f"{source}:{port}", at=at)


def test_who_is_allowed_comes_in_and_is_known() -> None:
    gate = admission(PBX)
    assert gate.at_the_door(request()) is None
    assert gate.at_the_desk(request()) is None
    assert gate.trunk_of(request()) == "pbx"


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "REGISTER", "BYE"])
def test_who_is_nobodys_is_not_answered(method: str) -> None:
    assert admission(PBX).at_the_door(request(method, STRANGER)) == Drop("unknown_source")


def test_who_is_nobodys_may_be_refused_or_accepted() -> None:
    refusing = admission(PBX, strangers="refuse")
    assert refusing.at_the_door(request(source=STRANGER)) == Answer(403, why="unknown_source")
    accepting = admission(PBX, strangers="accept")
    assert accepting.at_the_door(request(source=STRANGER)) is None
    assert accepting.at_the_desk(request(source=STRANGER)) is None
    assert accepting.trunk_of(request(source=STRANGER)) == ""


@pytest.mark.parametrize("strangers", ["refuse", "drop"])
@pytest.mark.parametrize("method", ["ACK", "CANCEL"])
def test_ack_and_cancel_are_never_answered(
    method: str, strangers: Literal["refuse", "drop"]
) -> None:
    gate = admission(PBX, strangers=strangers)
    assert gate.at_the_door(request(method, STRANGER)) == Drop()


def test_the_registrar_that_registered_us_may_call() -> None:
    gate = admission(LINE)
    assert gate.at_the_door(request(source=STRANGER)) == Drop("unknown_source")
    gate.registered("line", STRANGER)
    assert gate.at_the_door(request(source=STRANGER)) is None
    assert gate.trunk_of(request(source=STRANGER)) == "line"


def test_calls_to_our_contact_are_the_trunks_wherever_they_come_from() -> None:
    gate = admission(LINE)
    word = line_word(TrunkSettings.model_validate(LINE))
    for uri in (f"sip:+4930@h;line={word}", f"sip:+4930@h;transport=udp;line={word};x=1"):
        assert gate.at_the_door(request(source=STRANGER, uri=uri)) is None
        assert gate.trunk_of(request(source=STRANGER, uri=uri)) == "line"
    for uri in (f"sip:+4930@h;line={word}0", "sip:+4930@h;line=", f"sip:line={word}@h"):
        assert gate.at_the_door(request(source=STRANGER, uri=uri)) == Drop("unknown_source")


def test_an_allow_list_holds_for_calls_to_our_contact_too() -> None:
    gate = admission(LINE | {"allow": ["192.0.2.0/24"]})
    uri = f"sip:+4930@h;line={line_word(TrunkSettings.model_validate(LINE))}"
    assert gate.at_the_door(request(source=STRANGER, uri=uri)) == Drop("unknown_source")
    assert gate.trunk_of(request(source=FRIEND, uri=uri)) == "line"


def test_of_accounts_at_one_registrar_the_line_decides_then_the_user() -> None:
    other = LINE | {"name": "other", "user": "+4989"}
    gate = admission(LINE, other)
    gate.registered("line", FRIEND)
    gate.registered("other", FRIEND)
    word = line_word(TrunkSettings.model_validate(other))
    assert gate.trunk_of(request(uri=f"sip:+4930@h;line={word}")) == "other"
    assert gate.trunk_of(request(uri="sip:+4989@h")) == "other"
    assert gate.trunk_of(request(uri="sip:agent@h")) == "line"


def test_the_narrower_network_wins() -> None:
    gate = admission({"name": "wide", "allow": ["192.0.0.0/8"]}, PBX)
    assert gate.trunk_of(request()) == "pbx"


def test_addresses_of_version_6() -> None:
    gate = admission({"name": "six", "allow": ["2001:db8::/32"]})
    assert gate.trunk_of(request(source="[2001:db8::7]")) == "six"
    assert gate.at_the_door(request(source="[2001:dead::7]")) == Drop("unknown_source")


def test_a_trunk_that_challenges_asks_whoever_may_be_its() -> None:
    gate = admission(ASKED, PBX)
    assert gate.at_the_door(request(source=STRANGER)) is None
    assert gate.at_the_door(request("OPTIONS", STRANGER)) == Drop("unknown_source")
    asked = gate.at_the_desk(request(source=STRANGER))
    assert isinstance(asked, Answer)
    assert (asked.status, asked.why) == (401, "")
    assert [name for name, _ in asked.headers] == ["WWW-Authenticate"] * 2
    assert gate.at_the_desk(request(source=FRIEND)) is None
    assert gate.trunk_of(request(source=STRANGER)) == ""


def test_a_caller_is_of_the_trunk_whose_password_it_proved() -> None:
    gate = admission({**ASKED, "name": "other", "user": "bob", "password": "another"}, ASKED)
    asked = gate.at_the_desk(request(source=STRANGER))
    assert isinstance(asked, Answer)
    nonce = asked.headers[0][1].partition('nonce="')[2].partition('"')[0]
    plain = Credentials("ada", REALM, nonce, "sip:agent@h", "", "SHA-256")
    proof = digest_response(plain, "hunter2", "INVITE")
    line = (
        f'Authorization: Digest username="{{user}}", realm="{REALM}", nonce="{nonce}", '
        f'uri="sip:agent@h", algorithm=SHA-256, response="{{proof}}"\r\n'
    )
    headers = line.format(user="ada", proof=proof) + line.format(user="bob", proof="0")
    shown = request(source=STRANGER, headers=headers)
    assert gate.at_the_desk(shown) is None
    assert gate.trunk_of(shown) == "asked"


def test_a_trunk_that_challenges_from_its_network_only() -> None:
    gate = admission(ASKED | {"allow": ["192.0.2.0/24"]})
    assert gate.at_the_door(request(source=STRANGER)) == Drop("unknown_source")
    asked = gate.at_the_desk(request())
    assert isinstance(asked, Answer)
    assert asked.status == 401


def test_what_cannot_be_read_is_malformed() -> None:
    answer = admission(ASKED).at_the_desk(request(headers="Authorization: Digest x\r\n"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.why) == (401, "malformed")


def test_a_source_has_its_rate_and_others_theirs() -> None:
    gate = admission(PBX)
    answers = [gate.at_the_desk(request(at=1.0)) for _ in range(7)]
    assert [each is None for each in answers] == [True] * 5 + [False] * 2
    assert answers[-1] == Answer(503, (("Retry-After", "1"),), "rate")
    assert gate.at_the_desk(request(source="192.0.2.8", at=1.0)) is None
    assert gate.at_the_desk(request(at=1.3)) is None
    assert gate.at_the_desk(request("OPTIONS", at=1.0)) is None


@given(st.text(max_size=200), st.text(max_size=30))
def test_garbage_is_nobodys_and_never_raises(text: str, source: str) -> None:
    gate = admission(PBX, ASKED, LINE)
    garbage = parse_request(text, source, at=0.0)
    assert gate.at_the_door(garbage) in {Drop("unknown_source"), Drop(), None}
    gate.at_the_desk(garbage)
    assert gate.trunk_of(garbage) == ""


def test_nonces_of_the_gate_are_of_its_secret() -> None:
    other = Challenger(b"t").challenges(ALGORITHMS, now=0.0)
    asked = admission(ASKED).at_the_desk(request(source=STRANGER))
    assert isinstance(asked, Answer)
    assert asked.headers[0][1] != other[0]
