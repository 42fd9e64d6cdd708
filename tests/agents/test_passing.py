"""Which failures pass, and for how long."""

from __future__ import annotations

import pytest

from sipagent.agents.passing import is_passing, retry_after_s


@pytest.mark.parametrize(
    ("status", "passes"),
    [(0, True), (408, True), (409, True), (429, True), (500, True), (529, True), (404, False)],
)
def test_a_busy_or_broken_far_end_passes(status: int, passes: bool) -> None:
    assert is_passing(status) is passes


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "2"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "later"}, None),
        ({"retry-after": "³"}, None),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "Fri, 21 Nov 2025 10:00:07 GMT"}, None),
        (
            {
                "retry-after": "Fri, 21 Nov 2025 10:00:07 GMT",
                "date": "Fri, 21 Nov 2025 10:00:00 GMT",
            },
            7.0,
        ),
        (
            {
                "retry-after": "Fri, 21 Nov 2025 10:00:00 GMT",
                "date": "Fri, 21 Nov 2025 10:00:09 GMT",
            },
            0.0,
        ),
    ],
)
def test_what_the_endpoint_asks_for_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds
