"""Tokens by kind."""

from __future__ import annotations

import pytest

from sipagent.calls.facts import UsageReported
from sipagent.calls.usage_fact import usage_fact
from sipagent.realtime.usage import response_usage


@pytest.mark.parametrize(
    ("wire", "kinds"),
    [
        (
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "input_token_details": {
                    "text_tokens": 60,
                    "audio_tokens": 40,
                    "cached_tokens": 30,
                    "cached_tokens_details": {"text_tokens": 20, "audio_tokens": 10},
                },
                "output_token_details": {"text_tokens": 5, "audio_tokens": 45},
            },
            (40, 30, 20, 10, 5, 45),
        ),
        ({"input_tokens": 7, "output_tokens": 11}, (7, 0, 0, 0, 11, 0)),
        (
            {
                "input_tokens": 100,
                "output_tokens": 0,
                "input_token_details": {"audio_tokens": 40, "cached_tokens": 500},
            },
            (0, 40, 60, 0, 0, 0),
        ),
        ({}, (0, 0, 0, 0, 0, 0)),
        ("nonsense", (0, 0, 0, 0, 0, 0)),
    ],
)
def test_every_token_is_of_one_kind(wire: object, kinds: tuple[int, ...]) -> None:
    told = usage_fact(response_usage(wire))
    assert told == UsageReported(told.input_tokens, told.output_tokens, *kinds)
    assert sum(kinds[:4]) == told.input_tokens
    assert sum(kinds[4:]) == told.output_tokens
