"""Whatever an endpoint says, the session takes it and lives on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.realtime import events
from sipagent.wire.codec import decode_client
from sipagent.wire.server import SERVER_EVENTS
from tests.wire.samples import SERVER_SAMPLES

from .playbook import Playbook, Wire, audio, created, done, error, function_call, heard, output

WHERE: Wire = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
CALL: Wire = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "call_id": "call_1"}
ITEM: Wire = {"id": "item_1", "type": "message", "role": "assistant", "content": []}
USER: Wire = {"item_id": "item_0", "content_index": 0}
DETAILS: Wire = {"type": "failed", "reason": "r", "error": {"code": "c"}}
USAGE: Wire = {"input_tokens": 7, "output_tokens": 9}

TRUTHS: dict[str, Wire] = {
    "error": error("invalid_value", event_id="sipagent_response_create_1"),
    "session.created": {"session": {}},
    "session.updated": {"session": {}},
    "conversation.item.added": {"item": ITEM, "previous_item_id": None},
    "conversation.item.done": {"item": ITEM, "previous_item_id": None},
    "conversation.item.retrieved": {"item": ITEM},
    "conversation.item.truncated": {**USER, "audio_end_ms": 60},
    "conversation.item.deleted": {"item_id": "item_1"},
    "conversation.item.input_audio_transcription.delta": {**USER, "delta": "Hel"},
    "conversation.item.input_audio_transcription.completed": {
        **USER,
        "transcript": "Hello?",
        "usage": {"type": "duration", "seconds": 1},
    },
    "conversation.item.input_audio_transcription.failed": {**USER, "error": {"code": "c"}},
    "input_audio_buffer.committed": {"item_id": "item_0", "previous_item_id": None},
    "input_audio_buffer.cleared": {},
    "input_audio_buffer.speech_started": {"item_id": "item_0", "audio_start_ms": 40},
    "input_audio_buffer.speech_stopped": {"item_id": "item_0", "audio_end_ms": 900},
    "input_audio_buffer.timeout_triggered": {
        "item_id": "item_0",
        "audio_start_ms": 40,
        "audio_end_ms": 900,
    },
    "rate_limits.updated": {"rate_limits": [{"name": "tokens", "remaining": 7}]},
    "response.created": created(),
    "response.done": done(status_details=DETAILS, usage=USAGE),
    "response.output_item.added": {"response_id": "resp_1", "output_index": 0, "item": ITEM},
    "response.output_item.done": function_call("look_up", arguments='{"order":7}'),
    "response.content_part.added": {**WHERE, "part": {"type": "audio"}},
    "response.content_part.done": {**WHERE, "part": {"type": "audio"}},
    "response.output_text.delta": {**WHERE, "delta": "Goo"},
    "response.output_text.done": {**WHERE, "text": "Good."},
    "response.output_audio_transcript.delta": {**WHERE, "delta": "Goo"},
    "response.output_audio_transcript.done": {**WHERE, "transcript": "Good."},
    "response.output_audio.delta": audio(20),
    "response.output_audio.done": WHERE,
    "response.function_call_arguments.delta": {**CALL, "delta": "{"},
    "response.function_call_arguments.done": {**CALL, "name": "look_up", "arguments": "{}"},
}
"""Events that something acts on, every field as it should be; below, the others too."""

TRUTHS |= {
    event.TYPE: event.model_dump(exclude_unset=True)
    for event in SERVER_SAMPLES
    if event.TYPE not in TRUTHS
}

TOLD: list[Wire] = [{"type": name, **fields} for name, fields in TRUTHS.items()]

LIES: list[Any] = [
    None,
    True,
    -7,
    2**70,
    1.5,
    "",
    "é",
    "resp_1",
    "call_1",
    "cancelled",
    [],
    ["resp_1"],
    [[{}]],
    {},
    {"id": {}},
    {"error": "No."},
    {"error": {"code": []}},
    {"input_tokens": "7"},
]


def places(event: Wire) -> list[tuple[str, ...]]:
    """Return the paths of all fields, those of inner objects included."""
    found: list[tuple[str, ...]] = []
    for key, value in event.items():
        found.append((key,))
        if isinstance(value, dict):
            found += [(key, *inner) for inner in places(value)]
    return found


def with_lie(event: Wire, place: tuple[str, ...], lie: object) -> Wire:
    """Return ``event`` with ``lie`` in one place, if there still is such a place."""
    key, *rest = place
    if key not in event or (rest and not isinstance(event[key], dict)):
        return event
    return {**event, key: with_lie(event[key], tuple(rest), lie) if rest else lie}


@st.composite
def half_truths(draw: st.DrawFn) -> Wire:
    """Draw an event of which up to two fields are wrong."""
    event: Wire = draw(st.sampled_from(TOLD))
    for place in draw(st.lists(st.sampled_from(places(event)), max_size=2)):
        event = with_lie(event, place, draw(st.sampled_from(LIES)))
    return event


def is_alive(book: Playbook) -> bool:
    """Tell whether a response after everything is heard, answered and followed by another."""
    book.told()
    for message in book.core.out.take_messages():
        decode_client(message)
    told = book.hears(
        created("resp_true"),
        audio(20, response_id="resp_true", item_id="item_true"),
        function_call("fly", "call_true", response_id="resp_true"),
        done("resp_true"),
    )
    heard_all = [type(event) for event in told] == [
        events.ResponseStarted,
        events.AudioDelta,
        events.SessionErrorReported,
        events.ResponseDone,
    ]
    answer, *create = book.sent()
    answered = answer == output("call_true", "Tool fly not found")
    return heard_all and answered and [each["type"] for each in create] == ["response.create"]


def act(book: Playbook, action: str) -> None:
    """Do what a call does beside listening."""
    match action:
        case "interrupt":
            book.interrupts([heard(10, 20)], cancel=True)
        case "ask":
            book.writes("Hello?")
        case "end tools":
            for call in book.calls():
                book.ends(call)


ACTIONS = st.sampled_from(["interrupt", "ask", "end tools"])


def test_there_is_a_true_event_of_every_type() -> None:
    assert set(TRUTHS) == set(SERVER_EVENTS)


@pytest.mark.parametrize("event", TOLD, ids=lambda event: event["type"])
def test_no_field_that_is_wrong_ends_the_session(event: Wire) -> None:
    for place in places(event):
        for lie in LIES:
            book = Playbook()
            book.hears(created(), with_lie(event, place, lie))
            act(book, "end tools")
            assert is_alive(book), (place, lie)


@settings(max_examples=200)
@given(st.lists(st.one_of(half_truths(), ACTIONS), max_size=12))
def test_no_story_of_half_truths_ends_the_session(story: list[Wire | str]) -> None:
    book = Playbook()
    for step in story:
        if isinstance(step, str):
            act(book, step)
        else:
            book.hears(step)
    act(book, "end tools")
    assert is_alive(book)


JSON = st.recursive(st.sampled_from(LIES), st.lists, max_leaves=5).map(json.dumps)


@given(st.one_of(st.text(), st.binary(max_size=100), JSON))
def test_garbage_is_dropped_without_a_word(message: str | bytes) -> None:
    book = Playbook()
    book.core.receive(message, now=1.0)
    assert book.told() == []
    assert book.sent() == []


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"response.created","response":["resp_1"]}',
        '{"type":"response.done","response":null}',
        '{"type":"response.output_item.done","response_id":"r","output_index":0,"item":null}',
        '{"type":"error","error":"No."}',
        '{"type":"response.output_audio.delta","delta":7}',
        '{"type":"session.updated"}',
    ],
)
def test_an_event_with_a_field_of_a_wrong_type_is_dropped(message: str) -> None:
    book = Playbook()
    assert book.hears(message) == []
    assert not book.core.is_configured


def test_fields_nobody_reads_may_say_anything() -> None:
    book = Playbook()
    told = book.hears({**created(), "response": {"id": "r", "output": "x", "usage": 7}})
    assert told == [events.ResponseStarted("r", 1.0)]


def test_arguments_that_are_no_text_reach_the_tool_as_text() -> None:
    book = Playbook()
    call = function_call("look_up")
    call["item"]["arguments"] = {"order": 7}
    book.hears(created(), call)
    assert isinstance(book.call().arguments, str)


def test_a_name_that_is_no_text_is_not_found() -> None:
    book = Playbook()
    call = function_call("look_up")
    call["item"]["name"] = ["look_up"]
    book.hears(created(), call)
    assert book.sent() == [output("call_1", "Tool ['look_up'] not found")]
