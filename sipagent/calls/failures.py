"""Which events of a session end the call, and why. Pure."""

from __future__ import annotations

from sipagent.realtime import events as session_events

from .events import SessionFailed
from .termination import Reason

EXPIRED = "session_expired"
"""The error before an endpoint ends a session; another takes its place."""


def failure_of(event: session_events.SessionEvent, *, is_replaced: bool) -> SessionFailed | None:
    """Return what is wrong with the session after ``event``, None if the call can go on.

    Args:
        event: Of the session.
        is_replaced: Whether another session takes over when this one expires.
    """
    match event:
        case session_events.SessionErrorReported(code=code, message=message, fatal=True):
            if code == EXPIRED and is_replaced:
                return None
            return SessionFailed(Reason.SESSION_ERROR, f"{code}: {message}")
        case session_events.ResponseDone(status="failed", error_code=code):
            return SessionFailed(Reason.SESSION_ERROR, code or "response_failed")
        case session_events.Disconnected(expected=False, close_code=code, reason=reason):
            return SessionFailed(Reason.SESSION_LOST, f"close code {code} {reason}".strip())
        case _:
            return None
