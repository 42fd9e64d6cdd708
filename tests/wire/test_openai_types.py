"""Our events are those of the official Python client, name by name and field by field."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai.types.realtime import (
    RealtimeClientEvent,
    RealtimeServerEvent,
    RealtimeTranslationClientEvent,
    RealtimeTranslationServerEvent,
)
from pydantic import BaseModel, TypeAdapter

from sipagent.wire.beta import BETA_NAMES
from sipagent.wire.client import CLIENT_EVENTS
from sipagent.wire.codec import decode_client, decode_server, encode
from sipagent.wire.events import Event
from sipagent.wire.server import SERVER_EVENTS

from .samples import CLIENT_SAMPLES, SERVER_SAMPLES

OFFICIAL_SERVER: TypeAdapter[BaseModel] = TypeAdapter(RealtimeServerEvent)
OFFICIAL_CLIENT: TypeAdapter[BaseModel] = TypeAdapter(RealtimeClientEvent)

NOT_IN_THE_CLIENT = {("conversation.item.input_audio_transcription.delta", "obfuscation")}
"""Sent by the server, and absent from the client's types."""

NO_EVENT_ID = {"input_audio_buffer.dtmf_event_received"}

OTHER_ENDPOINT = {
    "session.close": "ends a translation session",
    "session.closed": "ends a translation session",
    "session.input_audio_buffer.append": "audio of a translation session",
    "session.input_transcript.delta": "transcript of a translation session",
    "session.output_transcript.delta": "transcript of a translation session",
    "session.output_audio.delta": "audio of a translation session",
}
"""Events of ``/v1/realtime/translations``, which has neither items nor responses nor tools."""


def classes(union: Any) -> dict[str, type[BaseModel]]:
    """Return the official classes of a union, by the type of their event."""
    members = get_args(get_args(union)[0])
    return {get_args(each.model_fields["type"].annotation)[0]: each for each in members}


SERVER_CLASSES, CLIENT_CLASSES = classes(RealtimeServerEvent), classes(RealtimeClientEvent)
PAIRS = [
    *((ours, SERVER_CLASSES[name]) for name, ours in SERVER_EVENTS.items()),
    *((ours, CLIENT_CLASSES[name]) for name, ours in CLIENT_EVENTS.items()),
]


def type_of(value: object) -> str:
    """Name a parameter of a test by the type of its event."""
    return getattr(value, "TYPE", "")


def undeclared(value: object) -> set[str]:
    """Return the fields the official classes do not have, of inner objects too."""
    if isinstance(value, list):
        return set().union(*map(undeclared, value))
    if not isinstance(value, BaseModel):
        return set()
    inner = [undeclared(getattr(value, name)) for name in type(value).model_fields]
    return set(value.model_extra or ()).union(*inner)


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(sample) for sample in SERVER_SAMPLES} == set(SERVER_EVENTS.values())
    assert {type(sample) for sample in CLIENT_SAMPLES} == set(CLIENT_EVENTS.values())


@pytest.mark.parametrize("sample", SERVER_SAMPLES + CLIENT_SAMPLES, ids=type_of)
def test_samples_have_every_field(sample: Event) -> None:
    left_out = set(type(sample).model_fields) - sample.model_fields_set
    assert left_out == ({"event_id"} if sample.TYPE in NO_EVENT_ID else set())


@pytest.mark.parametrize("sample", SERVER_SAMPLES, ids=type_of)
def test_the_official_client_reads_what_our_server_sends(sample: Event) -> None:
    read = OFFICIAL_SERVER.validate_json(encode(sample))
    assert type(read) is SERVER_CLASSES[sample.TYPE]
    assert {(sample.TYPE, name) for name in undeclared(read)} <= NOT_IN_THE_CLIENT
    assert decode_server(read.model_dump_json(exclude_unset=True)) == sample


@pytest.mark.parametrize("sample", CLIENT_SAMPLES, ids=type_of)
def test_the_official_types_have_what_our_client_sends(sample: Event) -> None:
    read = OFFICIAL_CLIENT.validate_json(encode(sample))
    assert type(read) is CLIENT_CLASSES[sample.TYPE]
    assert undeclared(read) == set()
    assert decode_client(read.model_dump_json(exclude_unset=True)) == sample


@pytest.mark.parametrize(("ours", "official"), PAIRS, ids=type_of)
def test_no_official_field_is_unknown_to_us(ours: type[Event], official: type[BaseModel]) -> None:
    assert set(official.model_fields) - {"type"} <= set(ours.model_fields)


@pytest.mark.parametrize(("ours", "official"), PAIRS, ids=type_of)
def test_what_the_official_client_requires_our_classes_require(
    ours: type[Event], official: type[BaseModel]
) -> None:
    required = {name for name, field in official.model_fields.items() if field.is_required()}
    for name in required - {"type", "event_id"}:  # the id is the sender's to add
        assert ours.model_fields[name].is_required(), name


def test_every_official_event_is_known() -> None:
    assert set(SERVER_CLASSES) == set(SERVER_EVENTS) | {"conversation.item.created"}
    assert BETA_NAMES["conversation.item.created"] in SERVER_EVENTS
    assert set(CLIENT_CLASSES) == set(CLIENT_EVENTS)


def test_translation_sessions_are_another_endpoint() -> None:
    names = {*classes(RealtimeTranslationServerEvent), *classes(RealtimeTranslationClientEvent)}
    assert names - set(SERVER_EVENTS) - set(CLIENT_EVENTS) == set(OTHER_ENDPOINT)
