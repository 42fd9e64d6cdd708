"""How a response ended, read from what the endpoint says."""

import pytest

from sipagent.realtime.events import ResponseDone, TokenUsage
from sipagent.realtime.responses import response_done

from .playbook import Wire


def test_a_reason_is_read() -> None:
    details = {"type": "cancelled", "reason": "turn_detected"}
    response = {"id": "resp_1", "status": "cancelled", "status_details": details, "usage": None}
    assert response_done(response, now=4.0) == ResponseDone(
        "resp_1", "cancelled", "turn_detected", "", TokenUsage(), 4.0
    )


def test_the_code_of_a_failure_is_read() -> None:
    details = {"type": "failed", "error": {"type": "server_error", "code": "overloaded"}}
    assert response_done({"status_details": details}, now=0.0).error_code == "overloaded"


def test_tokens_are_read() -> None:
    usage = {"total_tokens": 16, "input_tokens": 7, "output_tokens": 9}
    assert response_done({"usage": usage}, now=0.0).usage == TokenUsage(7, 9)


@pytest.mark.parametrize(
    "lies",
    [
        {"status_details": "turn_detected", "usage": "none"},
        {"status_details": ["turn_detected"], "usage": [7]},
        {"status_details": {"error": "overloaded"}, "usage": {"input_tokens": "seven"}},
        {"status_details": {"error": [1]}, "usage": {"input_tokens": [7], "output_tokens": {}}},
        {"status_details": 7, "usage": {"input_tokens": -7, "output_tokens": None}},
    ],
)
def test_wrong_fields_count_as_absent(lies: Wire) -> None:
    response = {"id": "resp_1", "status": "completed", **lies}
    assert response_done(response, now=4.0) == ResponseDone(
        "resp_1", "completed", "", "", TokenUsage(), 4.0
    )
