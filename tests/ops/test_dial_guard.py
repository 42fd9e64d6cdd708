"""Which calls are placed, and how many."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.ops.dial_guard import HOUR_S, MINUTE_S, DialGuard, Why
from sipagent.ops.dialled import destination
from sipagent.ops.settings import DialSettings
from sipagent.sip.emergency import EMERGENCY_NUMBERS


def guard(**settings: Any) -> DialGuard:
    return DialGuard(DialSettings(**({"allow": ["*"]} | settings)), EMERGENCY_NUMBERS)


def why(asked: DialGuard, to: str, *, calls: int = 0, now: float = 0.0) -> Why | None:
    refused = asked.refusal(destination(to, "+49"), calls=calls, now=now)
    return None if refused is None else refused.why


def test_nothing_is_called_until_somebody_allows_it() -> None:
    assert why(guard(allow=[]), "+49301234") is Why.OFF


def test_what_is_allowed_is_called_but_for_what_is_denied() -> None:
    careful = guard(allow=["+49*", "sip:*@pbx.example"], deny=["+49151*", "sip:boss@*"])
    assert why(careful, "030 1234") is None
    assert why(careful, "sip:ada@pbx.example") is None
    assert why(careful, "+4915112345") is Why.DENIED
    assert why(careful, "sip:boss@pbx.example") is Why.DENIED
    assert why(careful, "+4312345") is Why.NOT_ALLOWED
    assert why(careful, "sip:+49301234@elsewhere.example") is Why.NOT_ALLOWED


@pytest.mark.parametrize(
    "to",
    [
        "112",
        "911",
        "+49112",
        "tel:112",
        "sip:112@pbx.example",
        "1 1 2",
        "0049112",
        "112#",
        "*31#112",
    ],
)
def test_emergency_numbers_are_never_called(to: str) -> None:
    assert why(guard(allow=["*", "sip:*"]), to) is Why.EMERGENCY


@pytest.mark.parametrize(
    "to",
    ["0900 123456", "+49900123456", "0049 900 1", "+8821612345", "+881612345", "+97912345",
     "sip:0900123@pbx.example", "sip:+882123@pbx.example", "+1 900 555",
     "*31#0900123"],
)  # fmt: skip
def test_numbers_that_cost_more_than_a_call_are_never_called(to: str) -> None:
    assert why(guard(allow=["*", "sip:*"]), to) is Why.PREMIUM


def test_calls_at_once_are_limited() -> None:
    assert why(guard(max_calls=2), "+49301", calls=1) is None
    assert why(guard(max_calls=2), "+49301", calls=2) is Why.MAX_CALLS


def test_calls_per_minute_are_limited_and_told_when_to_ask_again() -> None:
    limited = guard(per_minute=2)
    assert why(limited, "+49301", now=100.0) is None
    assert why(limited, "+49302", now=110.0) is None
    refused = limited.refusal(destination("+49303"), calls=0, now=120.0)
    assert refused is not None
    assert (refused.why, refused.retry_after_s) == (Why.PER_MINUTE, 40)
    assert why(limited, "+49303", now=160.0) is None


def test_the_same_telephone_is_not_called_again_and_again() -> None:
    limited = guard(same_number_per_hour=1, per_minute=100)
    assert why(limited, "+49 30 1", now=0.0) is None
    assert why(limited, "0049301", now=10.0) is Why.SAME_NUMBER
    assert why(limited, "+49302", now=10.0) is None
    assert why(limited, "+49301", now=HOUR_S) is None


def test_what_is_refused_counts_for_nothing() -> None:
    limited = guard(allow=["+49*"], per_minute=1)
    assert why(limited, "+43123") is Why.NOT_ALLOWED
    assert why(limited, "+49301") is None


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 3)), max_size=100))
def test_no_minute_and_no_telephone_ever_gets_more_than_the_limits(
    asked: list[tuple[float, int]],
) -> None:
    limited = guard(per_minute=3, same_number_per_hour=2)
    now, placed = 0.0, list[tuple[float, int]]()
    for pause, number in asked:
        now += pause
        if why(limited, f"+4930{number}", now=now) is None:
            placed.append((now, number))
    for start, number in placed:
        assert sum(start <= at < start + MINUTE_S for at, _ in placed) <= 3
        same = [at for at, each in placed if each == number]
        assert sum(start <= at < start + HOUR_S for at in same) <= 2
