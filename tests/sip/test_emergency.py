"""Which calls are emergencies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.sip.emergency import EMERGENCY_NUMBERS, is_emergency, is_emergency_call
from sipagent.sip.headers import parse_invite


def dials(uri: str, to: str = "<sip:desk@192.0.2.9>") -> bool:
    """Tell whether an INVITE to ``uri`` is an emergency."""
    text = f"INVITE {uri} SIP/2.0\r\nTo: {to}\r\n\r\n"
    return is_emergency_call(parse_invite(text, ""), EMERGENCY_NUMBERS)


@pytest.mark.parametrize("number", EMERGENCY_NUMBERS)
def test_every_number_of_the_list_is_one(number: str) -> None:
    assert dials(f"sip:{number}@192.0.2.9")


@pytest.mark.parametrize(
    "written",
    ["112", " 1 1 2 ", "1-1-2", "tel:112", "sips:112@x", "sip:112;phone-context=x@x;user=phone"],
)
def test_a_number_counts_however_it_is_written(written: str) -> None:
    assert is_emergency(written, EMERGENCY_NUMBERS)


@pytest.mark.parametrize("number", ["+112", "+49112", "+49 110", "0049112", "+1911", "+353999"])
def test_a_country_code_hides_no_emergency(number: str) -> None:
    assert is_emergency(number, EMERGENCY_NUMBERS)


@pytest.mark.parametrize(
    "number",
    ["112#", "112*", "*31#112", "#31#+49112", "*31##43#112#", "sip:112%23@x", "tel:*31#112"],
)
def test_service_codes_hide_no_emergency(number: str) -> None:
    assert is_emergency(number, EMERGENCY_NUMBERS)


@pytest.mark.parametrize(
    "urn", ["urn:service:sos", "URN:service:SOS.police", "urn:service:sos.a.b"]
)
def test_the_emergency_service_needs_no_number(urn: str) -> None:
    assert is_emergency(urn, ())


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1112",
        "1120",
        "49112",
        "+4930112",
        "0112",
        "112a",
        "*112#3",
        "*31#0112",
        "#",
        "urn:service:sosx",
        "urn:service",
    ],
)
def test_a_number_that_only_looks_like_one_is_none(number: str) -> None:
    assert not is_emergency(number, EMERGENCY_NUMBERS)


@pytest.mark.parametrize("to", ["<sip:112@pbx>", '"Help" <tel:112>;tag=1', "sip:112@pbx;tag=1"])
def test_who_was_meant_counts_when_an_exchange_sent_the_call_here(to: str) -> None:
    assert dials("sip:agent@192.0.2.9", to)


def test_an_ordinary_call_is_none() -> None:
    assert not dials("sip:agent@192.0.2.9", '"112" <sip:+4930123456@pbx>')


def test_another_list_replaces_the_first() -> None:
    assert is_emergency("0112", ["0112"])
    assert not is_emergency("112", ["0112"])


@given(st.text(max_size=80), st.text(max_size=80))
def test_garbage_surprises_nobody(uri: str, to: str) -> None:
    assert dials(uri, to) in {True, False}
