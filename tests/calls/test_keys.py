from __future__ import annotations

import pytest

from sipagent.calls.keys import check_keys
from sipagent.errors import SipError


def test_every_key_of_a_telephone_and_a_pause_can_be_pressed() -> None:
    check_keys("0123456789*#ABCD,")


@pytest.mark.parametrize("digits", ["1x", "a", "1 2", "+49"])
def test_what_is_no_key_is_an_error(digits: str) -> None:
    with pytest.raises(SipError, match="no key of a telephone"):
        check_keys(digits)
