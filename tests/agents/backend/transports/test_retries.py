"""When a request is made again."""

from __future__ import annotations

import pytest

from sipagent.agents.backend.transports.retries import AttemptFailed, Retries
from sipagent.agents.passing import NO_ANSWER
from sipagent.errors import ModelError


def failed(status: int, retry_after_s: float | None = None) -> AttemptFailed:
    """Return an attempt that failed."""
    return AttemptFailed(ModelError("no"), status, retry_after_s)


@pytest.mark.parametrize("status", [NO_ANSWER, 408, 409, 429, 500, 503, 529])
def test_what_may_pass_is_tried_again_as_often_as_allowed(status: int) -> None:
    retries = Retries(2, 10.0)
    delays = [retries.delay_s(failed(status), chance=0.0) for _ in range(3)]
    assert delays == [0.5, 1.0, None]


@pytest.mark.parametrize("status", [200, 301, 307, 400, 401, 403, 404, 422])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    assert Retries(2, 10.0).delay_s(failed(status), chance=0.0) is None


def test_the_delay_stops_growing() -> None:
    retries = Retries(9, 10.0)
    assert [retries.delay_s(failed(500), chance=0.0) for _ in range(7)][-2:] == [8.0, 8.0]


def test_chance_shortens_a_delay_by_a_quarter_at_most() -> None:
    assert Retries(1, 10.0).delay_s(failed(500), chance=1.0) == 0.375


def test_the_endpoint_says_how_long_to_wait() -> None:
    assert Retries(1, 10.0).delay_s(failed(429, 3.0), chance=1.0) == 3.0
    assert Retries(1, 10.0).delay_s(failed(429, 0.0), chance=1.0) == 0.0


def test_an_endpoint_that_wants_long_quiet_is_given_up() -> None:
    assert Retries(2, 10.0).delay_s(failed(429, 10.0), chance=0.0) == 10.0
    assert Retries(2, 10.0).delay_s(failed(429, 10.5), chance=0.0) is None
