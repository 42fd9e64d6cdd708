"""Times as people write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sipagent.errors import ConfigError
from sipagent.ops.store.when import when_ms

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=1)))
NOW_MS = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "ago_s"),
    [
        ("30m", 1_800),
        ("12h", 43_200),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("2026-03-02T11:00", 3_600),
        ("2026-03-02T11:00+00:00", 0),
        ("2026-03-01", 129_600),
    ],
)
def test_a_time_is_a_moment_or_how_long_ago(text: str, ago_s: int) -> None:
    assert when_ms(text, NOW) == NOW_MS - ago_s * 1000


@pytest.mark.parametrize("text", ["", "12", "12y", "-1h", "²h", "9999999h", "now"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        when_ms(text, NOW)
