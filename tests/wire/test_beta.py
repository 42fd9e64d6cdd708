"""The protocol's beta, read as what it is called today."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.wire import client, server
from sipagent.wire.beta import (
    BETA_NAMES,
    event_to_ga,
    item_to_ga,
    response_to_ga,
    session_to_ga,
)
from sipagent.wire.codec import decode_client, decode_server, encode
from sipagent.wire.events import Event, Json

from .samples import CLIENT_SAMPLES, RESPONSE, SERVER_SAMPLES, SESSION, USER_ITEM

PCM: Json = {"type": "audio/pcm", "rate": 24_000}
BETA_SESSION: Json = {
    "modalities": ["text", "audio"],
    "instructions": "Be brief.",
    "voice": "alloy",
    "speed": 1.2,
    "input_audio_format": "g711_ulaw",
    "output_audio_format": "pcm16",
    "input_audio_transcription": {"model": "whisper-1"},
    "input_audio_noise_reduction": None,
    "turn_detection": {"type": "server_vad", "threshold": 0.6},
    "temperature": 0.8,
    "max_response_output_tokens": "inf",
}
GA_SESSION: Json = {
    "type": "realtime",
    "output_modalities": ["audio"],
    "instructions": "Be brief.",
    "max_output_tokens": "inf",
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "whisper-1"},
            "noise_reduction": None,
            "turn_detection": {"type": "server_vad", "threshold": 0.6},
        },
        "output": {"format": PCM, "voice": "alloy", "speed": 1.2},
    },
}
BETA_ITEM: Json = {
    "id": "item_1",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hi."}, {"type": "audio", "transcript": "Hi."}],
}
GA_ITEM: Json = {
    **BETA_ITEM,
    "content": [
        {"type": "output_text", "text": "Hi."},
        {"type": "output_audio", "transcript": "Hi."},
    ],
}


def test_a_flat_session_is_nested() -> None:
    assert session_to_ga(BETA_SESSION) == GA_SESSION


def test_a_session_of_today_stays_as_it_is() -> None:
    assert session_to_ga(SESSION) is SESSION
    assert session_to_ga({"instructions": "x"}) == {"instructions": "x"}


@pytest.mark.parametrize("key", sorted(BETA_SESSION.keys() - {"instructions"}))
def test_one_key_of_the_beta_is_enough(key: str) -> None:
    nested = session_to_ga({key: BETA_SESSION[key]})
    assert nested.pop("type") == "realtime"
    assert nested.keys() <= {"audio", "output_modalities", "max_output_tokens"}
    assert bool(nested) is (key != "temperature")


def test_no_turn_detection_is_not_the_same_as_none_given() -> None:
    off = session_to_ga({"turn_detection": None})
    assert off["audio"] == {"input": {"turn_detection": None}}
    assert "input" not in session_to_ga({"voice": "alloy"})["audio"]


def test_of_two_shapes_the_nested_one_wins_key_by_key() -> None:
    audio = {"output": {"voice": "marin"}}
    both = session_to_ga({"voice": "alloy", "output_audio_format": "g711_alaw", "audio": audio})
    assert both["audio"] == {"output": {"voice": "marin", "format": {"type": "audio/pcma"}}}
    assert audio == {"output": {"voice": "marin"}}


@pytest.mark.parametrize("audio", [None, 5, "x", {"output": 5}])
def test_a_nested_value_that_is_wrong_stays_wrong(audio: object) -> None:
    assert session_to_ga({"voice": "alloy", "audio": audio})["audio"] == audio


@pytest.mark.parametrize(
    ("given_modalities", "read"),
    [
        (["text"], ["text"]),
        (["audio"], ["audio"]),
        (["audio", "text"], ["audio"]),
        ("audio", "audio"),
    ],
)
def test_audio_is_never_without_its_text(given_modalities: object, read: object) -> None:
    assert session_to_ga({"modalities": given_modalities})["output_modalities"] == read


@pytest.mark.parametrize("name", ["opus", "", 5, None, ["pcm16"], {"type": "audio/pcmu"}])
def test_a_format_the_beta_did_not_have_is_left_to_its_reader(name: object) -> None:
    session = session_to_ga({"input_audio_format": name})
    assert session["audio"]["input"]["format"] == name


def test_a_flat_response_is_nested_and_its_items_are_read() -> None:
    beta = {
        "id": "resp_1",
        "modalities": ["text", "audio"],
        "voice": "alloy",
        "output_audio_format": "pcm16",
        "temperature": 0.8,
        "max_response_output_tokens": 100,
        "output": [BETA_ITEM],
        "input": [BETA_ITEM, USER_ITEM, 5],
    }
    assert response_to_ga(beta) == {
        "id": "resp_1",
        "output_modalities": ["audio"],
        "max_output_tokens": 100,
        "audio": {"output": {"voice": "alloy", "format": PCM}},
        "output": [GA_ITEM],
        "input": [GA_ITEM, USER_ITEM, 5],
    }
    assert response_to_ga(RESPONSE) == RESPONSE


def test_content_is_renamed_only_in_items_of_an_assistant() -> None:
    assert item_to_ga(BETA_ITEM) == GA_ITEM
    assert item_to_ga(GA_ITEM) == GA_ITEM
    assert item_to_ga({**BETA_ITEM, "role": "user"}) == {**BETA_ITEM, "role": "user"}
    odd = {"role": "assistant", "content": [None, {"type": ["text"]}, {}]}
    assert item_to_ga(odd) == odd
    assert item_to_ga({"role": "assistant", "content": None})["content"] is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("response.text.delta", "response.output_text.delta"),
        ("response.text.done", "response.output_text.done"),
        ("response.audio.delta", "response.output_audio.delta"),
        ("response.audio.done", "response.output_audio.done"),
        ("response.audio_transcript.delta", "response.output_audio_transcript.delta"),
        ("response.audio_transcript.done", "response.output_audio_transcript.done"),
        ("conversation.item.created", "conversation.item.added"),
    ],
)
def test_a_server_event_is_known_by_its_old_name(old: str, new: str) -> None:
    sample = next(sample for sample in SERVER_SAMPLES if new == sample.TYPE)
    assert decode_server(orjson.dumps({**orjson.loads(encode(sample)), "type": old})) == sample


def test_every_old_name_has_an_event() -> None:
    assert set(BETA_NAMES.values()) <= set(server.SERVER_EVENTS)
    assert not set(BETA_NAMES) & set(server.SERVER_EVENTS)


@pytest.mark.parametrize("name", ["session.created", "session.updated"])
def test_a_server_of_the_beta_tells_its_session(name: str) -> None:
    event = decode_server(orjson.dumps({"type": name, "session": BETA_SESSION}))
    assert isinstance(event, server.SessionCreated | server.SessionUpdated)
    assert event.session == GA_SESSION


@pytest.mark.parametrize(
    "name",
    [
        "conversation.item.created",
        "conversation.item.done",
        "conversation.item.retrieved",
        "response.output_item.added",
        "response.output_item.done",
    ],
)
def test_a_server_of_the_beta_tells_its_items(name: str) -> None:
    message = {"type": name, "response_id": "r", "output_index": 0, "item": BETA_ITEM}
    event = decode_server(orjson.dumps(message))
    assert event.model_dump()["item"] == GA_ITEM


@pytest.mark.parametrize("name", ["response.created", "response.done"])
def test_a_server_of_the_beta_tells_its_responses(name: str) -> None:
    response = {"id": "r", "modalities": ["text"], "output": [BETA_ITEM]}
    event = decode_server(orjson.dumps({"type": name, "response": response}))
    assert isinstance(event, server.ResponseCreated | server.ResponseDone)
    assert event.response == {"id": "r", "output_modalities": ["text"], "output": [GA_ITEM]}


def test_parts_of_a_response_keep_their_names() -> None:
    part = {"type": "audio", "transcript": ""}
    where = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    message = {"type": "response.content_part.added", **where, "part": part}
    event = decode_server(orjson.dumps(message))
    assert isinstance(event, server.ResponseContentPartAdded)
    assert event.part == part


def test_fields_the_beta_did_not_have_are_not_missed() -> None:
    heard = decode_server(
        '{"type":"conversation.item.input_audio_transcription.completed",'
        '"item_id":"i","content_index":0,"transcript":"Hello?"}'
    )
    assert isinstance(heard, server.InputAudioTranscriptionCompleted)
    assert (heard.transcript, heard.usage) == ("Hello?", {})
    called = decode_server(
        '{"type":"response.function_call_arguments.done","response_id":"r","item_id":"i",'
        '"output_index":0,"call_id":"c","arguments":"{}"}'
    )
    assert isinstance(called, server.ResponseFunctionCallArgumentsDone)
    assert called.name == ""


def test_a_client_of_the_beta_is_understood() -> None:
    update = decode_client(orjson.dumps({"type": "session.update", "session": BETA_SESSION}))
    assert isinstance(update, client.SessionUpdate)
    assert update.session == GA_SESSION
    item = decode_client(orjson.dumps({"type": "conversation.item.create", "item": BETA_ITEM}))
    assert isinstance(item, client.ConversationItemCreate)
    assert item.item == GA_ITEM
    wanted = {"modalities": ["text"], "voice": "alloy"}
    create = decode_client(orjson.dumps({"type": "response.create", "response": wanted}))
    assert isinstance(create, client.ResponseCreate)
    assert create.response == {
        "output_modalities": ["text"],
        "audio": {"output": {"voice": "alloy"}},
    }


@pytest.mark.parametrize("sample", SERVER_SAMPLES + CLIENT_SAMPLES, ids=lambda each: each.TYPE)
def test_what_is_sent_today_is_read_as_it_is(sample: Event) -> None:
    sent = orjson.loads(encode(sample))
    assert event_to_ga(sent) == sent


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.sampled_from(["audio", "text", "assistant", "pcm16"]),
    lambda children: (
        st.lists(children, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [*BETA_SESSION, "audio", "input", "output", "role", "content", "type", "item"]
            ),
            children,
            max_size=4,
        )
    ),
)


@given(
    name=st.sampled_from(["session.update", "response.done", "conversation.item.created"]),
    value=JSON_VALUES,
)
def test_reading_never_fails_changes_nothing_given_and_is_done_once(name: str, value: Any) -> None:
    data = {"type": name, "session": value, "response": value, "item": value}
    before = deepcopy(data)
    read = event_to_ga(data)
    assert data == before
    assert event_to_ga(read) == read
