"""What of all that may happen to a connection is the end of its call."""

from __future__ import annotations

import pytest

from sipagent.errors import SessionError, SessionLost, SessionRejected, SessionTimeout
from sipagent.realtime.call_end import is_call_over


@pytest.mark.parametrize(
    ("error", "is_over"),
    [
        (SessionLost("hung up", close_code=1000), True),
        (SessionLost("hung up", close_code=1001), True),
        (SessionLost("gone", close_code=1006), False),
        (SessionLost("broken", close_code=1011), False),
        (SessionLost("overloaded", close_code=1013), False),
        (SessionRejected("no call", status=404), True),
        (SessionRejected("no call", status=410), True),
        (SessionRejected("no key", status=401), False),
        (SessionRejected("busy", status=503), False),
        (SessionRejected("nobody listens"), False),
        (SessionTimeout("too slow"), False),
        (SessionError("odd"), False),
    ],
)
def test_a_call_is_over_when_its_endpoint_says_so(error: SessionError, is_over: bool) -> None:
    assert is_call_over(error) is is_over
