"""Bodies of requests about calls."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.call_requests import accepted_session, refer_target, reject_status
from sipagent.engine.checks import InvalidConfigError
from sipagent.sip.refer import refer_to


@pytest.mark.parametrize(("body", "status"), [({}, 603), ({"status_code": None}, 603)])
def test_a_call_is_declined_unless_something_else_is_said(body: Any, status: int) -> None:
    assert reject_status(body) == status


@pytest.mark.parametrize("status", [400, 486, 699])
def test_a_call_is_rejected_with_what_refuses(status: int) -> None:
    assert reject_status({"status_code": status}) == status


@pytest.mark.parametrize("status", [399, 700, 200, "486", True, 486.5])
def test_a_call_is_not_rejected_with_anything_else(status: Any) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        reject_status({"status_code": status})
    assert caught.value.param == "status_code"


LONGEST = "sip:" + "a" * 508


@pytest.mark.parametrize(
    "target", ["tel:+49301", "sip:desk@example.org;user=phone", "SIPS:a@b", LONGEST]
)
def test_a_caller_is_sent_to_a_uri(target: str) -> None:
    assert refer_target({"target_uri": target}) == target


@pytest.mark.parametrize(
    "target",
    [
        *("", "desk", "http://a", "sip:", "sip:a b", "sip:a@b>", "tel:1\n", "sip:a\x00", 7, []),
        *("sip:zoë@b", "sip:a@b\u00a0", "tel:\u0661", LONGEST + "a"),
    ],
)
def test_a_caller_is_sent_nowhere_else(target: Any) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        refer_target({"target_uri": target})
    assert caught.value.param == "target_uri"


@pytest.mark.parametrize("key", ["threshold", "prefix_padding_ms", "silence_duration_ms"])
def test_an_accept_does_not_know_how_speech_is_told(key: str) -> None:
    detection = {"type": "server_vad", key: None}
    with pytest.raises(InvalidConfigError) as caught:
        accepted_session({"audio": {"input": {"turn_detection": detection}}})
    assert caught.value.code == "unknown_parameter"
    assert caught.value.param == f"session.audio.input.turn_detection.{key}"


@pytest.mark.parametrize(
    "session",
    [
        {},
        {"audio": None},
        {"audio": {"input": 7}},
        {"audio": {"input": {"turn_detection": None}}},
        {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}}}},
        {"threshold": 1},
    ],
)
def test_the_rest_of_a_session_is_left_to_the_update(session: Any) -> None:
    assert accepted_session(session) == session


@pytest.mark.parametrize("target", ["tel:+49301", "sip:desk@example.org;user=phone", LONGEST])
def test_what_is_taken_can_be_sent(target: str) -> None:
    assert refer_to(refer_target({"target_uri": target})) == f"<{target}>"
