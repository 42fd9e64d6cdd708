"""Who a caller is said to be by others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.headers import parse_invite
from sipagent.sip.identity import Identity, identity_of


def said(*headers: str, is_trusted: bool = True) -> Identity:
    """Read an INVITE with ``headers``."""
    text = "\r\n".join(("INVITE sip:desk@192.0.2.9 SIP/2.0", *headers, "", ""))
    return identity_of(replace(parse_invite(text, ""), is_trusted=is_trusted))


@pytest.mark.parametrize(
    ("header", "name", "user"),
    [
        ('P-Asserted-Identity: "Ada, L." <sip:+4930123@pbx;user=phone>', "Ada, L.", "+4930123"),
        ("P-Asserted-Identity: tel:+4930123", "", "+4930123"),
        ('p-asserted-identity: "A" <sip:+491@pbx>, <tel:+492>', "A", "+491"),
        ("P-Asserted-Identity: <sip:pbx.example.com>, <tel:+492>", "", "+492"),
        ("P-Asserted-Identity: <sip:a,b@pbx>", "", "a,b"),
        ('Remote-Party-ID: "Ada" <sip:+491@pbx>;party=calling;screen=yes', "Ada", "+491"),
        ("Remote-Party-ID: <sip:+491@pbx>;privacy=full", "", "+491"),
    ],
)
def test_what_the_network_asserts_is_read(header: str, name: str, user: str) -> None:
    assert said(header) == Identity(user, name)


@pytest.mark.parametrize(
    "header",
    [
        "Remote-Party-ID: <sip:+491@pbx>;party=called",
        "Remote-Party-ID: <sip:+491@pbx>;screen=no",
        "P-Preferred-Identity: <sip:+491@pbx>",
        "P-Asserted-Identity: Ada",
    ],
)
def test_what_is_no_assertion_is_none(header: str) -> None:
    assert said(header) == Identity()


def test_nobody_who_is_not_trusted_is_believed() -> None:
    header = "P-Asserted-Identity: <sip:+491@pbx>"
    assert said(header, "Remote-Party-ID: <sip:+492@pbx>", is_trusted=False) == Identity()


def test_an_assertion_comes_before_its_forerunner() -> None:
    later = "Remote-Party-ID: <sip:+492@pbx>"
    assert said(later, "P-Asserted-Identity: <sip:+491@pbx>").asserted_user == "+491"


def test_the_latest_diversion_is_the_first_one() -> None:
    headers = ('Diversion: "Desk" <sip:+492@pbx>;reason=no-answer, <sip:+491@pbx>;reason=busy',)
    assert said(*headers, is_trusted=False).diverted_from == "+492"
    assert said("Diversion: <sip:+492@pbx>", "Diversion: <sip:+491@pbx>").diverted_from == "+492"


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("<sip:+491@pbx>;index=1, <sip:desk@pbx;cause=486>;index=1.1", "+491"),
        ("<sip:+491@pbx>;index=1, <sip:desk@pbx>;index=1.1;mp=1", "+491"),
        (
            "<sip:+491@pbx>;index=1, <sip:+492@pbx;cause=302>;index=1.1;mp=1,"
            " <sip:desk@pbx;cause=408>;index=1.2;mp=1",
            "+491",
        ),
        ("<sip:+491@pbx>;index=1, <sip:+491@gw>;index=1.1", ""),
        ("<sip:+491@pbx>;index=1", ""),
        ("<sip:desk@pbx;cause=302>;index=1.1;mp=7", ""),
    ],
)
def test_the_history_of_a_call_tells_who_sent_it_on(header: str, user: str) -> None:
    assert said(f"History-Info: {header}").diverted_from == user


@given(
    st.sampled_from(["P-Asserted-Identity", "Remote-Party-ID", "Diversion", "History-Info"]),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200)
    | st.lists(st.sampled_from('<>",;= @sip:1mpc.\\')).map("".join),
)
def test_garbage_surprises_nobody(name: str, value: str) -> None:
    line = value.replace("\r", " ").replace("\n", " ")
    identity = said(f"{name}: {line}")
    assert len(identity.asserted_user) + len(identity.diverted_from) <= 1024
