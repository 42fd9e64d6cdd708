"""Is what happened to an attached session's connection the end of its phone call?

    closed with 1000 or 1001            the call is over: the endpoint closes what it was about
    attaching answered with 404, 410    the call was over before
    anything else                       the call may live on, and is attached to again

Pure.
"""

from __future__ import annotations

from sipagent.errors import SessionError, SessionLost, SessionRejected

ENDED = 1000
"""Close code of every end of a call (RFC 6455 section 7.4.1)."""

_CLOSES = frozenset({ENDED, 1001})
_STATUSES = frozenset({404, 410})


def is_call_over(error: SessionError) -> bool:
    """Tell whether ``error`` says that the call is over."""
    match error:
        case SessionLost(close_code=close_code):
            return close_code in _CLOSES
        case SessionRejected(status=status):
            return status in _STATUSES
        case _:
            return False
