"""How a response ended, read from what the endpoint says."""

import pytest

from sipagent.realtime.events import ResponseDone
from sipagent.realtime.responses import is_out_of_band, last_text, response_done
from sipagent.realtime.usage import Usage

from .playbook import Wire


def test_a_reason_is_read() -> None:
    details = {"type": "cancelled", "reason": "turn_detected"}
    response = {"id": "resp_1", "status": "cancelled", "status_details": details, "usage": None}
    assert response_done(response, now=4.0) == ResponseDone(
        "resp_1", "cancelled", "turn_detected", "", Usage(1), 4.0
    )


def test_the_code_of_a_failure_is_read() -> None:
    details = {"type": "failed", "error": {"type": "server_error", "code": "overloaded"}}
    assert response_done({"status_details": details}, now=0.0).error_code == "overloaded"


def test_tokens_are_read() -> None:
    usage = {"total_tokens": 16, "input_tokens": 7, "output_tokens": 9}
    assert response_done({"usage": usage}, now=0.0).usage == Usage(1, 7, 9)


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
        "resp_1", "completed", "", "", Usage(1), 4.0
    )


def test_the_last_text_is_what_was_said_or_written_last() -> None:
    said = {"content": [{"type": "audio", "transcript": "Hello."}]}
    written = {"content": [{"type": "text", "text": "Bye."}, {"type": "audio", "transcript": ""}]}
    assert last_text({"output": [said, written, {"type": "function_call"}]}) == "Bye."
    assert last_text({"output": [said]}) == "Hello."
    assert last_text({"output": "none"}) == last_text({}) == ""


def test_a_response_is_outside_only_if_it_says_so() -> None:
    assert is_out_of_band({"conversation_id": None})
    assert not is_out_of_band({"conversation_id": "conv_1"})
    assert not is_out_of_band({})
