"""Which events of a session end a call."""

from __future__ import annotations

import pytest

from sipagent.calls.events import SessionFailed
from sipagent.calls.failures import EXPIRED, failure_of
from sipagent.calls.termination import Reason
from sipagent.realtime.events import Disconnected, SessionErrorReported, SessionEvent

from .talk import response_done

ERROR, LOST = Reason.SESSION_ERROR, Reason.SESSION_LOST


def error(code: str, *, fatal: bool) -> SessionErrorReported:
    return SessionErrorReported(code, "No.", "", fatal, 0.0)


@pytest.mark.parametrize(
    ("event", "failed"),
    [
        (error("quota", fatal=True), SessionFailed(ERROR, "quota: No.")),
        (error("quota", fatal=False), None),
        (error(EXPIRED, fatal=True), None),
        (response_done(), None),
        (response_done(status="cancelled"), None),
        (response_done(status="failed"), SessionFailed(ERROR, "response_failed")),
        (response_done(status="failed", error_code="busy"), SessionFailed(ERROR, "busy")),
        (Disconnected(1006, "", False, 0.0), SessionFailed(LOST, "close code 1006")),
        (Disconnected(1011, "oops", False, 0.0), SessionFailed(LOST, "close code 1011 oops")),
        (Disconnected(1000, "", True, 0.0), None),
    ],
)
def test_a_call_ends_with_its_session_only(
    event: SessionEvent, failed: SessionFailed | None
) -> None:
    assert failure_of(event, is_replaced=True) == failed


def test_a_session_that_expires_ends_the_call_when_no_other_takes_over() -> None:
    failed = SessionFailed(ERROR, f"{EXPIRED}: No.")
    assert failure_of(error(EXPIRED, fatal=True), is_replaced=False) == failed
