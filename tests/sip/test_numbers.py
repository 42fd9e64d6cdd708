"""Numbers in one form."""

from __future__ import annotations

import pytest

from sipagent.sip.never_called import is_premium
from sipagent.sip.numbers import one_form


@pytest.mark.parametrize(
    ("text", "country_code", "expected"),
    [
        ("+49 (0)30 1", "+49", "+49301"),
        ("030-1", "+49", "+49301"),
        ("030-1", "", "0301"),
        ("0049 30 1", "", "+49301"),
        ("tel:+49-30;x=y", "", "+4930"),
        ("000", "", "000"),
        ("desk", "", None),
    ],
)
def test_a_number_has_one_form(text: str, country_code: str, expected: str | None) -> None:
    assert one_form(text, country_code) == expected


def test_service_codes_hide_no_premium_number() -> None:
    assert is_premium("*31#00882123#")
    assert is_premium("0901234", "+44")
    assert not is_premium("*31#0301234", "+49")
