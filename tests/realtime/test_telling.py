"""What is told of errors of the endpoint."""

from __future__ import annotations

import pytest

from sipagent.realtime.events import SessionErrorReported
from sipagent.realtime.telling import BENIGN_ERRORS, FATAL_ERRORS, told_of_error
from sipagent.wire.server import ErrorDetail


@pytest.mark.parametrize("code", sorted(BENIGN_ERRORS))
def test_a_race_every_client_has_is_told_to_nobody(code: str) -> None:
    assert told_of_error(ErrorDetail(message="no", code=code), now=1.0) is None


@pytest.mark.parametrize("code", sorted(FATAL_ERRORS))
def test_some_errors_leave_a_session_of_no_use(code: str) -> None:
    told = told_of_error(ErrorDetail(message="no", code=code), now=1.0)
    assert told == SessionErrorReported(code, "no", "", True, 1.0)


def test_an_error_without_a_code_is_called_by_its_type_and_names_what_is_wrong() -> None:
    error = ErrorDetail(type="server_error", message="no", param="session.voice")
    told = told_of_error(error, now=1.0)
    assert told == SessionErrorReported("server_error", "no", "session.voice", False, 1.0)
