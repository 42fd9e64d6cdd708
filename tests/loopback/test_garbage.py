"""What is wrong is answered with ``error``, and the session goes on."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from .client import Client, connected, words

DEEP = "[" * 900 + "]" * 900


@pytest.fixture
async def client(engine: str) -> AsyncIterator[Client]:
    """Yield a client whose session still works at the end."""
    async with connected(engine) as client:
        yield client
        assert words(await client.ask("say:Still here.")) == ["Still here."]


@pytest.mark.parametrize(
    "message",
    ["", "{", "hello", "7", "null", "[]", '"x"', "{}", '{"type":7}', '{"type":null}', DEEP],
)
async def test_what_is_no_event_is_refused(client: Client, message: str) -> None:
    error = await client.refused(message)
    assert error["type"] == "invalid_request_error"
    assert error["event_id"] is None


@pytest.mark.parametrize("message", [b"", b"\xff\xfe\x00", b"\x80" * 2_000, b"[]"])
async def test_binary_garbage_is_refused(client: Client, message: bytes) -> None:
    assert (await client.refused(message))["type"] == "invalid_request_error"


async def test_an_event_in_a_binary_frame_is_an_event(client: Client) -> None:
    await client.socket.send(b'{"type":"input_audio_buffer.clear"}')
    await client.until("input_audio_buffer.cleared")


async def test_an_event_without_a_type_is_told_by_its_id(client: Client) -> None:
    error = await client.refused('{"event_id":"mine"}')
    assert (error["param"], error["event_id"]) == ("type", "mine")


async def test_an_id_that_is_none_is_not_told(client: Client) -> None:
    assert (await client.refused('{"event_id":7}'))["event_id"] is None


async def test_an_unknown_event_is_refused_by_name(client: Client) -> None:
    error = await client.error_of("response.dance", event_id="mine", steps=3)
    assert "response.dance" in error["message"]
    assert (error["param"], error["event_id"]) == ("type", "mine")


@pytest.mark.parametrize(
    ("name", "fields", "param"),
    [
        ("session.update", {}, "session"),
        ("session.update", {"session": []}, "session"),
        ("session.update", {"session": {}}, "session.type"),
        ("input_audio_buffer.append", {"audio": 7}, "audio"),
        ("input_audio_buffer.append", {"audio": "?"}, "audio"),
        ("conversation.item.create", {"item": "x"}, "item"),
        ("conversation.item.create", {"item": {"type": []}}, "item.type"),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "user", "content": [{"type": {}}]}},
            "item.content[0].type",
        ),
        (
            "conversation.item.truncate",
            {"item_id": "a", "content_index": 0, "audio_end_ms": 1.5},
            "audio_end_ms",
        ),
        ("response.create", {"response": 7}, "response"),
        ("response.create", {"response": {"tools": [7]}}, "response.tools[0]"),
        ("response.cancel", {"response_id": 7}, "response_id"),
        ("output_audio_buffer.clear", {}, "type"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client, name: str, fields: dict[str, Any], param: str
) -> None:
    error = await client.error_of(name, event_id="mine", **fields)
    assert (error["param"], error["event_id"]) == (param, "mine")


@pytest.mark.parametrize("number", ["1e308", "-1e308", "99999999999999999999", "9" * 60])
async def test_huge_numbers_are_out_of_range(client: Client, number: str) -> None:
    session = f'{{"type":"realtime","max_output_tokens":{number}}}'
    message = f'{{"type":"session.update","event_id":"mine","session":{session}}}'
    error = await client.refused(message)
    assert (error["param"], error["event_id"]) == ("session.max_output_tokens", "mine")


@pytest.mark.parametrize("number", ["1e999", "9" * 400])
async def test_numbers_beyond_all_numbers_are_no_json(client: Client, number: str) -> None:
    message = '{"type":"session.update","session":{"type":"realtime","mood":' + number + "}}"
    assert "not JSON" in (await client.refused(message))["message"]


async def test_a_huge_number_that_means_nothing_to_us_is_kept(client: Client) -> None:
    assert (await client.update(mood=10**30))["mood"] == 1e30


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("session.update", "session"),
        ("conversation.item.create", "item"),
        ("response.create", "response"),
        ("response.dance", "steps"),
    ],
)
async def test_what_is_nested_too_deeply_is_refused(client: Client, name: str, field: str) -> None:
    message = f'{{"type":"{name}","event_id":"mine","{field}":{{"type":"realtime","x":{DEEP}}}}}'
    error = await client.refused(message)
    assert "too deep" in error["message"]
    assert error["event_id"] == "mine"


async def test_audio_that_ends_in_mid_sample_is_refused(client: Client) -> None:
    for size in (1, 4_801):
        audio = b64encode(bytes(size)).decode()
        error = await client.error_of("input_audio_buffer.append", audio=audio, event_id="mine")
        assert (error["param"], error["event_id"]) == ("audio", "mine")
    await client.send("input_audio_buffer.append", audio="")


async def test_more_than_15_mib_at_once_is_refused(client: Client) -> None:
    audio = "A" * (15 * 1024 * 1024 + 4)
    error = await client.error_of("input_audio_buffer.append", audio=audio, event_id="mine")
    assert error["param"] == "audio"


async def test_a_message_of_more_than_16_mib_ends_the_session_and_no_other(
    client: Client, engine: str
) -> None:
    async with connected(engine) as other:
        with pytest.raises(ConnectionClosed) as caught:
            await other.refused("A" * (16 * 1024 * 1024 + 1))
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009


async def test_an_error_changes_nothing_of_what_was_said_before(client: Client) -> None:
    await client.update(instructions="Be brief.")
    wrong = {"type": "realtime", "instructions": "Be long.", "tools": 7}
    await client.refused(json.dumps({"type": "session.update", "session": wrong}))
    assert (await client.update())["instructions"] == "Be brief."
