from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sipagent.errors import SipError
from sipagent.sip.settings import SipSettings
from sipagent.sip.trunks import (
    TrunkSettings,
    address_of_record,
    dialled_uri,
    transport_of,
    trunk_named,
)


def trunk(**settings: Any) -> TrunkSettings:
    defaults = {"name": "provider", "registrar": "sip:p.example:5070;transport=tcp", "user": "ada"}
    return TrunkSettings.model_validate(defaults | settings)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("name", "", "name"),
        ("name", "a b", "name"),
        ("registrar", "p.example", "must be like"),
        ("registrar", "sip:ada@p.example", "must be like"),
        ("registrar", "sip:p.example:0", "must be like"),
        ("registrar", "sip:p.example:99999", "must be like"),
        ("registrar", "sip:p.example>\r\nX: 1", "must be like"),
        ("proxy", "sip:", "must be like"),
        ("user", "ada@p", "user part"),
        ("auth_user", "a\r\nb", "printable"),
        ("from_domain", "a b", "host name"),
        ("expires_s", 1, "expires_s"),
        ("regster", True, "regster"),
    ],
)
def test_what_cannot_work_is_named(key: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        trunk(**{key: value})


def test_who_registers_needs_somewhere_and_a_name() -> None:
    with pytest.raises(ValidationError, match="register needs a registrar and a user"):
        trunk(register=True, user="")
    assert trunk(register=True).registers


@pytest.mark.parametrize("wrong", [17, ["hunter2"], {"hunter2": 1}])
def test_no_password_is_shown(wrong: object) -> None:
    assert "hunter2" not in repr(trunk(password="hunter2"))
    with pytest.raises(ValidationError) as caught:
        trunk(password=wrong)
    assert "must be text in quotes" in str(caught.value)


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("+4930555", "sip:+4930555@p.example:5070;transport=tcp"),
        ("tel:+49-30-(5)5.5;phone-context=x", "sip:+4930555@p.example:5070;transport=tcp"),
        ("*12#", "sip:*12%23@p.example:5070;transport=tcp"),
        ("desk", "sip:desk@p.example:5070;transport=tcp"),
        ("sip:desk@pbx.example", "sip:desk@pbx.example"),
        ("SIPS:desk@pbx.example", "SIPS:desk@pbx.example"),
    ],
)
def test_what_is_dialled_becomes_a_uri_at_the_trunks_peer(target: str, uri: str) -> None:
    assert dialled_uri(trunk(), target) == uri


@pytest.mark.parametrize("target", ["", "a b", "ada@p.example", "tel:", "1\r\nX: 1", "<sip:x>"])
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(SipError, match="neither a number nor a SIP URI"):
        dialled_uri(trunk(), target)


def test_a_trunk_without_a_peer_takes_uris_alone() -> None:
    nowhere = trunk(registrar="")
    assert dialled_uri(nowhere, "sip:a@b") == "sip:a@b"
    with pytest.raises(SipError, match="neither a registrar nor a proxy"):
        dialled_uri(nowhere, "100")
    assert address_of_record(nowhere, "ada") == ""


@given(st.text(max_size=40))
def test_no_target_brings_a_header_of_its_own(target: str) -> None:
    try:
        uri = dialled_uri(trunk(), target)
    except SipError:
        return
    assert target.lower().startswith(("sip:", "sips:")) or (uri.isascii() and uri.isprintable())


def test_the_address_of_record_is_at_the_registrar_or_where_it_says() -> None:
    assert address_of_record(trunk(), "+49 30") == "<sip:+49%2030@p.example>"
    assert address_of_record(trunk(from_domain="home.example"), "a") == "<sip:a@home.example>"
    assert address_of_record(trunk(registrar="sips:p.example"), "a") == "<sips:a@p.example>"


@pytest.mark.parametrize(
    ("uri", "transport"),
    [("sip:a", "udp"), ("sip:a;lr;transport=TCP", "tcp"), ("sips:a;transport=tcp", "tls")],
)
def test_how_a_peer_is_reached(uri: str, transport: str) -> None:
    assert transport_of(uri) == transport


LINE = {"registrar": "sip:p", "user": "u", "password": "x", "register": True}


@pytest.mark.parametrize(
    ("trunks", "says"),
    [
        ([{"name": "a"}, {"name": "a"}], 'two named "a"'),
        ([{"name": "a", "registrar": "sip:p;transport=tcp"}], '"a" is reached by tcp'),
        ([{"name": "a", "proxy": "sip:p;transport=tls"}], '"a" is reached by tls'),
        ([{"name": f"t{n}"} for n in range(8)], "at most 7"),
        ([LINE | {"name": "a"}, LINE | {"name": "b"}], '"a" and "b" register the same user'),
    ],
)
def test_trunks_must_go_together_with_each_other_and_the_endpoint(
    trunks: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        SipSettings.model_validate({"trunks": trunks, "transports": ("udp",)})


def test_trunks_are_found_by_name() -> None:
    assert trunk_named([trunk(name="a"), trunk(name="b")], "b").name == "b"
    with pytest.raises(SipError, match='there is no trunk "c"'):
        trunk_named([trunk(name="a")], "c")
