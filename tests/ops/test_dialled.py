"""Whom a call is to reach, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.ops.dialled import destination


@pytest.mark.parametrize(
    "text",
    ["+49301234", "+49 30 1234", "+49 (30) 12-34", "0049301234", "tel:+49-30-1234", "030 1234",
     "tel:+49301234;phone-context=x", "\t+49301234 ", "00 49 30.1234"],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_written(text: str) -> None:
    to = destination(text, "+49")
    assert (to.uri, to.number, to.address) == ("+49301234", "+49301234", "")


def test_a_zero_that_nobody_dials_from_abroad_is_left_out() -> None:
    assert destination("+49 (0)900 1", "+49").number == "+499001"
    assert destination("06 1234", "+39").number == "+39061234"


def test_without_a_country_a_national_number_stays_as_it_is_dialled() -> None:
    assert destination("030 1234").number == "0301234"


def test_a_uri_is_dialled_as_it_is_and_its_number_is_known() -> None:
    to = destination("sip:0049-30-1234@PBX.example:5070;transport=tcp", "+49")
    assert to.uri == "sip:0049-30-1234@PBX.example:5070;transport=tcp"
    assert to.number == "+49301234"
    assert to.address == "sip:0049-30-1234@pbx.example"


@pytest.mark.parametrize(
    "text",
    ["", "+", "ada", "+49٣0", "sip:", "sip:pbx.example", "sip:a@b?X=1", "sip:a@b;maddr=evil",
     "sip:a@b\r\nX: 1", "http://x", "1" * 300, "sip:a@b@c", "+49;ext=1", "++49"],
)  # fmt: skip
def test_what_names_nobody_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"is (no|neither|longer)"):
        destination(text)


def test_a_rule_about_numbers_never_means_a_uri() -> None:
    uri = destination("sip:+49301234@anybody.example")
    assert not uri.matches("+49*")
    assert not uri.matches("*")
    assert uri.matches("sip:*@anybody.example")
    assert not uri.matches("sip:*@pbx.example")
    assert not destination("+49301234").matches("sip:*")


@given(st.text(max_size=40), st.sampled_from(["", "+49"]))
def test_reading_is_final(text: str, country_code: str) -> None:
    try:
        to = destination(text, country_code)
    except ValueError:
        return
    assert to.uri.isprintable()
    assert destination(to.uri, country_code) == to
