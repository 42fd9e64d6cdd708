"""Tokens, summed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.realtime.usage import Usage, response_usage

from .playbook import Wire

FULL: Wire = {
    "total_tokens": 150,
    "input_tokens": 100,
    "output_tokens": 50,
    "input_token_details": {
        "text_tokens": 60,
        "audio_tokens": 40,
        "cached_tokens": 30,
        "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 10},
    },
    "output_token_details": {"text_tokens": 5, "audio_tokens": 45},
}

counts = st.integers(0, 10_000)
details = st.dictionaries(st.sampled_from(["text_tokens", "audio_tokens"]), counts)
usages = st.builds(Usage, counts, counts, counts, details, details)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*FULL]), inner),
)


def test_a_response_is_a_request_and_its_tokens_by_kind() -> None:
    assert response_usage(FULL) == Usage(
        1,
        100,
        50,
        {
            "text_tokens": 60,
            "audio_tokens": 40,
            "cached_tokens": 30,
            "cached_tokens_details.text_tokens": 20,
            "cached_tokens_details.audio_tokens": 10,
        },
        {"text_tokens": 5, "audio_tokens": 45},
    )


def test_responses_are_summed_kind_by_kind() -> None:
    other = {"input_tokens": 1, "input_token_details": {"audio_tokens": 1, "image_tokens": 2}}
    total = Usage() + response_usage(FULL) + response_usage(other)
    assert (total.requests, total.input_tokens, total.output_tokens) == (2, 101, 50)
    assert total.input_token_details["audio_tokens"] == 41
    assert total.input_token_details["image_tokens"] == 2
    assert total.output_token_details == {"text_tokens": 5, "audio_tokens": 45}


def test_the_total_is_input_and_output_whatever_the_endpoint_says() -> None:
    assert response_usage({**FULL, "total_tokens": 999}).total_tokens == 150


@pytest.mark.parametrize("wire", [None, {}, "many", [], 7])
def test_a_response_without_usage_is_a_request_all_the_same(wire: object) -> None:
    assert response_usage(wire) == Usage(requests=1)


@pytest.mark.parametrize("wrong", [None, "12", -3, True, [12], math.inf, math.nan])
def test_a_wrong_count_is_none(wrong: object) -> None:
    usage = response_usage({"input_tokens": wrong, "output_tokens": 2.0})
    assert (usage.input_tokens, usage.output_tokens) == (0, 2)


@given(json_values)
def test_nothing_an_endpoint_says_makes_a_count_negative_or_fails(wire: object) -> None:
    usage = response_usage(wire)
    each = [*usage.input_token_details.values(), *usage.output_token_details.values()]
    assert min([usage.input_tokens, usage.output_tokens, *each]) >= 0


@given(usages, usages)
def test_a_sum_has_what_its_parts_have(one: Usage, other: Usage) -> None:
    total = one + other
    assert total.requests == one.requests + other.requests
    assert total.total_tokens == one.total_tokens + other.total_tokens
    parts = (*one.output_token_details.values(), *other.output_token_details.values())
    assert sum(total.output_token_details.values()) == sum(parts)
    assert total + Usage() == total
