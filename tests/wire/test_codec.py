"""Events on the wire."""

import base64
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.errors import WireError
from sipagent.wire.client import (
    CLIENT_EVENTS,
    ConversationItemTruncate,
    InputAudioBufferAppend,
    ResponseCreate,
    SessionUpdate,
)
from sipagent.wire.codec import decode_client, decode_server, encode, encode_append
from sipagent.wire.events import UnknownEvent
from sipagent.wire.server import (
    SERVER_EVENTS,
    ConversationItemAdded,
    ErrorEvent,
    ResponseOutputAudioDelta,
)


def test_null_is_sent_and_absent_is_not() -> None:
    update = SessionUpdate(session={"audio": {"input": {"turn_detection": None}}})
    sent = orjson.loads(encode(update))
    assert sent == {
        "type": "session.update",
        "session": {"audio": {"input": {"turn_detection": None}}},
    }
    first = ConversationItemAdded(item={"id": "a"}, previous_item_id=None)
    assert orjson.loads(encode(first))["previous_item_id"] is None
    assert "previous_item_id" not in orjson.loads(encode(ConversationItemAdded(item={})))


def test_the_fast_append_reads_as_any_other() -> None:
    event = decode_client(encode_append(b"\xff\x7f"))
    assert isinstance(event, InputAudioBufferAppend)
    assert base64.b64decode(event.audio) == b"\xff\x7f"


def test_beta_names_are_understood() -> None:
    message = {
        "type": "response.audio.delta",
        "response_id": "r",
        "item_id": "i",
        "output_index": 0,
        "content_index": 0,
        "delta": "AA==",
    }
    assert isinstance(decode_server(orjson.dumps(message)), ResponseOutputAudioDelta)


def test_an_unknown_type_is_passed_on_whole() -> None:
    event = decode_server('{"type":"response.dance","steps":3}')
    assert isinstance(event, UnknownEvent)
    assert event.raw["steps"] == 3


def test_unknown_fields_are_ignored() -> None:
    event = decode_server('{"type":"error","error":{"message":"m","severity":3},"new":1}')
    assert isinstance(event, ErrorEvent) and event.error.code is None


@pytest.mark.parametrize("audio_end_ms", ["1.5", "-1", '"5"', "null"])
def test_a_truncation_takes_whole_milliseconds_only(audio_end_ms: str) -> None:
    message = (
        '{"type":"conversation.item.truncate","item_id":"a","content_index":0,'
        f'"audio_end_ms":{audio_end_ms}}}'
    )
    with pytest.raises(WireError) as caught:
        decode_client(message)
    assert caught.value.param == "audio_end_ms"


def test_events_survive_the_wire() -> None:
    for event in (
        ConversationItemTruncate(item_id="a", content_index=0, audio_end_ms=5),
        ResponseCreate(response={"instructions": "x"}, event_id="e"),
    ):
        assert decode_client(encode(event)) == event


def test_every_type_has_one_class() -> None:
    assert len(CLIENT_EVENTS) == 11
    assert "" not in CLIENT_EVENTS and "" not in SERVER_EVENTS


@given(st.one_of(st.text(), st.binary(max_size=200)))
def test_garbage_is_an_error_of_ours_and_nothing_else(message: str | bytes) -> None:
    for decode in (decode_client, decode_server):
        try:
            decode(message)
        except WireError:
            pass


@given(
    st.sampled_from(sorted(CLIENT_EVENTS | SERVER_EVENTS)),
    st.dictionaries(
        st.sampled_from(["item", "item_id", "session", "audio", "response", "delta", "error"]),
        st.recursive(
            st.one_of(st.none(), st.integers(), st.text(max_size=5)),
            lambda children: st.dictionaries(st.text(max_size=3), children, max_size=3),
            max_leaves=4,
        ),
    ),
)
def test_wrong_fields_are_named_never_fatal(name: str, fields: dict[str, object]) -> None:
    message = json.dumps({"type": name, **fields})
    for decode in (decode_client, decode_server):
        try:
            decode(message)
        except WireError as error:
            assert error.param is not None
