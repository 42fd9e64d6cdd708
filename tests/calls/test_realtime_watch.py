"""Which messages of the endpoint a call tells of."""

from __future__ import annotations

import json

import pytest

from sipagent.calls.realtime_watch import realtime_message


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"type": "response.create", "event_id": "e"}, ("response.create", "")),
        ({"type": "response.done", "response": {"id": "resp_1"}}, ("response.done", "resp_1")),
        (
            {"event_id": "e", "type": "conversation.item.truncate", "item_id": "item_9"},
            ("conversation.item.truncate", "item_9"),
        ),
    ],
)
def test_a_message_is_told_by_its_type_and_what_it_is_about(
    message: dict[str, object], told: tuple[str, str]
) -> None:
    for form in (json.dumps(message), json.dumps(message, separators=(",", ":")).encode()):
        found = realtime_message("out", form)
        assert found is not None
        assert (found.direction, found.type, found.id) == ("out", *told)


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"input_audio_buffer.append","audio":"AAAA"}',
        '{"type":"response.output_audio.delta","delta":"AAAA"}',
        '{"type":"response.output_audio_transcript.delta","delta":"Hel"}',
        "no json",
        b"\xff\xfe",
        '{"type": 7}',
    ],
)
def test_parts_and_nonsense_are_not_told(message: str | bytes) -> None:
    assert realtime_message("in", message) is None
