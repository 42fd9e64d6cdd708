"""A session with the engine: how it begins, and what may be changed in it."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from .client import DESK, LIMIT_S, PCMU, Client, connected, words
from .conftest import MAX_SESSIONS, NOW


async def test_a_session_is_told_at_once_and_in_full(engine: str) -> None:
    async with connect(f"{engine}?model=gpt-x") as socket:
        client = Client(socket)
        session = (await client.until("session.created"))["session"]
        assert session["model"] == "gpt-x"
        assert session["expires_at"] == NOW + 3_600
        assert session["tracing"] is None and session["prompt"] is None
        assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
        assert client.events[0]["event_id"].startswith("event_")


async def test_an_update_is_confirmed_with_the_whole_session(engine: str) -> None:
    async with connected(engine) as client:
        created = client.events[0]["session"]
        updated = await client.update(instructions="Be brief.", audio={"output": {"format": PCMU}})
        output = {**created["audio"]["output"], "format": PCMU}
        expected = {**created, "instructions": "Be brief."}
        expected["audio"] = {**created["audio"], "output": output}
        assert updated == expected


async def test_a_wrong_update_is_refused_and_changes_nothing(engine: str) -> None:
    async with connected(engine, **DESK) as client:
        wrong = {"type": "realtime", "instructions": "x", "audio": {"output": {"speed": 9}}}
        error = await client.error_of("session.update", event_id="mine", session=wrong)
        assert error["param"] == "session.audio.output.speed"
        assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_value")
        assert error["event_id"] == "mine"
        assert (await client.update())["instructions"] == ""


async def test_the_voice_is_fixed_once_it_was_heard(engine: str) -> None:
    async with connected(engine) as client:
        other = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
        await client.ask("say:Hello.")
        error = await client.error_of("session.update", session=other)
        assert error["param"] == "session.audio.output.voice"


async def test_two_sessions_at_once_do_not_mix(engine: str) -> None:
    async with connected(engine, **DESK) as one, connected(engine, **DESK) as two:
        item = {"type": "message", "role": "user", "content": []}
        for client, name, chunks in ((one, "one", 5), (two, "two", 7)):
            await client.create({**item, "id": f"item_{name}"})
            await client.type_in(f"long:{chunks}")
        responses = await asyncio.gather(one.done(), two.done())
        assert [words(response) for response in responses] == [["1 2 3 4 5"], ["1 2 3 4 5 6 7"]]
        for client, theirs in ((one, "item_two"), (two, "item_one")):
            error = await client.error_of("conversation.item.retrieve", item_id=theirs)
            assert error["code"] == "item_retrieve_invalid_item_id"
        assert one.events[0]["session"]["id"] != two.events[0]["session"]["id"]
        ids = [{event["event_id"] for event in client.events} for client in (one, two)]
        assert not ids[0] & ids[1]


async def test_the_model_is_the_urls_or_the_first_that_is_named(engine: str) -> None:
    async with connect(engine) as socket:
        client = Client(socket)
        await client.until("session.created")
        await client.update(instructions="Be brief.")
        assert (await client.update(model="gpt-x"))["model"] == "gpt-x"
        await client.update(instructions="")
        other = {"type": "realtime", "model": "gpt-y"}
        error = await client.error_of("session.update", session=other)
        assert error["param"] == "session.model"


async def test_tracing_is_taken_once(engine: str) -> None:
    async with connected(engine) as client:
        assert (await client.update(tracing=None))["tracing"] is None
        assert (await client.update(tracing="auto"))["tracing"] == "auto"
        assert (await client.update(tracing="auto"))["tracing"] == "auto"
        other = {"type": "realtime", "tracing": {"group_id": "g"}}
        assert (await client.error_of("session.update", session=other))["param"] == (
            "session.tracing"
        )


@pytest.mark.parametrize("path", ["/", "/v1/realtime/calls", "/v1/realtimes?model=x"])
async def test_an_unknown_path_is_not_found(engine: str, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(engine.replace("/v1/realtime", path)):
            pass
    assert caught.value.response.status_code == 404


async def test_one_session_too_many_is_refused_until_another_ends(engine: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        sockets = [await connect(engine) for _ in range(MAX_SESSIONS)]
        try:
            with pytest.raises(InvalidStatus) as caught:
                await connect(engine)
            assert caught.value.response.status_code == 503
            await sockets[0].close()
            sockets[0] = await connect(engine)
            assert (await Client(sockets[0]).until("session.created"))["session"]["id"]
        finally:
            for socket in sockets:
                await socket.close()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["realtime", "openai-insecure-api-key.x"], "realtime"), (["beta"], "beta"), ([], None)],
)
async def test_a_subprotocol_is_chosen_as_browsers_need_it(
    engine: str, offered: list[str], chosen: str | None
) -> None:
    async with connect(engine, subprotocols=offered or None) as socket:  # type: ignore[arg-type]
        assert socket.subprotocol == chosen
