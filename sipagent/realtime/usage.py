"""What a session used: tokens summed over its responses (Realtime: ``response.done``, usage)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests and the tokens they took."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: Mapping[str, int] = field(default_factory=dict)
    """By kind: ``audio_tokens``, ``cached_tokens``, ``cached_tokens_details.audio_tokens``."""
    output_token_details: Mapping[str, int] = field(default_factory=dict)

    @property
    def total_tokens(self) -> int:
        """Input and output; what the endpoint calls the total is not looked at."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            _summed(self.input_token_details, other.input_token_details),
            _summed(self.output_token_details, other.output_token_details),
        )


class UsageMeter:
    """Add up what a session uses, whatever its connection."""

    def __init__(self) -> None:
        self.total = Usage()

    def count(self, usage: Usage) -> None:
        """Count a response."""
        self.total += usage


def response_usage(wire: Any) -> Usage:
    """Return the usage of one response; what is missing or wrong counts as zero."""
    usage = wire if isinstance(wire, Mapping) else {}
    return Usage(
        1,
        _tokens(usage.get("input_tokens")),
        _tokens(usage.get("output_tokens")),
        _details(usage.get("input_token_details")),
        _details(usage.get("output_token_details")),
    )


def _details(wire: Any) -> dict[str, int]:
    """Return counts by kind; an object in the object (there is one level) by dotted kind."""
    counts: dict[str, int] = {}
    for kind, value in wire.items() if isinstance(wire, Mapping) else ():
        if isinstance(value, Mapping):
            counts |= {f"{kind}.{each}": _tokens(value[each]) for each in value}
        else:
            counts[kind] = _tokens(value)
    return counts


def _tokens(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0
    return max(0, int(value))


def _summed(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {kind: one.get(kind, 0) + other.get(kind, 0) for kind in {**one, **other}}
