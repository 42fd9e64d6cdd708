"""Events on the wire."""

import base64
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.errors import WireError
from sipagent.wire.beta import LATER_FIELDS
from sipagent.wire.client import CLIENT_EVENTS, InputAudioBufferAppend, SessionUpdate
from sipagent.wire.codec import (
    decode_client,
    decode_server,
    encode,
    encode_append,
    read_server,
)
from sipagent.wire.events import Event, UnknownEvent
from sipagent.wire.server import SERVER_EVENTS, ConversationItemAdded, ErrorEvent, SessionCreated

from .samples import CLIENT_SAMPLES, SERVER_SAMPLES


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


def test_an_unknown_type_is_passed_on_whole() -> None:
    message = '{"type":"response.dance","event_id":"event_1","steps":3}'
    event = decode_server(message)
    assert isinstance(event, UnknownEvent)
    assert (event.type, event.event_id, event.raw["steps"]) == ("response.dance", "event_1", 3)
    assert encode(event) == message


def test_an_event_comes_with_the_object_that_was_sent() -> None:
    sent = {"type": "session.created", "session": {"voice": "marin"}, "new": 1}
    event, raw = read_server(orjson.dumps(sent))
    assert isinstance(event, SessionCreated)
    assert raw == sent


@pytest.mark.parametrize("sample", SERVER_SAMPLES, ids=lambda sample: sample.TYPE)
def test_a_server_event_with_a_wrong_field_is_refused_by_its_name(sample: Event) -> None:
    for name in sample.model_fields_set:
        sent = {**orjson.loads(encode(sample)), name: [["wrong"]]}
        with pytest.raises(WireError) as caught:
            read_server(orjson.dumps(sent))
        assert str(caught.value.param).split(".")[0] == name


@pytest.mark.parametrize("sample", SERVER_SAMPLES + CLIENT_SAMPLES, ids=lambda each: each.TYPE)
def test_a_field_that_is_missing_is_named(sample: Event) -> None:
    decode = decode_client if sample.TYPE in CLIENT_EVENTS else decode_server
    later = LATER_FIELDS.get(sample.TYPE, {})
    for name, field in type(sample).model_fields.items():
        if field.is_required() and name not in later:
            sent = orjson.loads(encode(sample))
            del sent[name]
            with pytest.raises(WireError) as caught:
                decode(orjson.dumps(sent))
            assert caught.value.param == name


def test_a_wrong_field_of_an_object_is_named_by_its_path() -> None:
    with pytest.raises(WireError) as caught:
        decode_server('{"type":"error","error":{"code":"c"}}')
    assert caught.value.param == "error.message"


def test_an_append_of_15_mib_is_the_longest() -> None:
    longest = "A" * 15_728_640
    message = '{"type":"input_audio_buffer.append","audio":"%s"}'
    assert isinstance(decode_client(message % longest), InputAudioBufferAppend)
    with pytest.raises(WireError) as caught:
        decode_client(message % (longest + "A"))
    assert caught.value.param == "audio"
    assert len(str(caught.value)) < 200


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


def test_every_type_has_one_class() -> None:
    assert (len(CLIENT_EVENTS), len(SERVER_EVENTS)) == (11, 45)
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
