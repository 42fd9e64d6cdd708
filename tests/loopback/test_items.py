"""Items of a conversation with the engine."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, Json, connected, words


def text(item_id: str) -> Json:
    content = [{"type": "input_text", "text": item_id}]
    return {"id": item_id, "type": "message", "role": "user", "content": content}


async def spoken(client: Client, chunks: int) -> str:
    """Let the agent speak; return the id of the item."""
    response = await client.ask(f"long:{chunks}")
    item_id: str = response["output"][0]["id"]
    return item_id


async def retrieved(client: Client, item_id: str) -> Json:
    await client.send("conversation.item.retrieve", item_id=item_id)
    item: Json = (await client.until("conversation.item.retrieved"))["item"]
    return item


async def test_an_item_is_added_then_done_and_told_what_stands_before_it(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("a"))
        await client.create(text("b"))
        await client.create(text("c"), previous_item_id="a")
        await client.create(text("d"), previous_item_id="root")
        for name in ("added", "done"):
            events = [each for each in client.events if each["type"].endswith(f"item.{name}")]
            order = [(each["item"]["id"], each["previous_item_id"]) for each in events]
            assert order == [("a", None), ("b", "a"), ("c", "a"), ("d", None)]


async def test_an_item_is_retrieved_as_it_is(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("a"))
        whole = {**text("a"), "object": "realtime.item", "status": "completed"}
        assert await retrieved(client, "a") == whole


async def test_a_deleted_item_is_gone(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("a"))
        await client.send("conversation.item.delete", item_id="a")
        assert (await client.until("conversation.item.deleted"))["item_id"] == "a"
        error = await client.error_of("conversation.item.delete", item_id="a", event_id="mine")
        assert (error["code"], error["event_id"]) == ("item_delete_invalid_item_id", "mine")


async def test_truncating_an_answer_takes_its_words(engine: str) -> None:
    async with connected(engine) as client:
        item_id = await spoken(client, 5)
        cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 250}
        await client.send("conversation.item.truncate", **cut)
        event = await client.until("conversation.item.truncated")
        assert cut.items() <= event.items()
        assert (await retrieved(client, item_id))["content"][0]["transcript"] == ""


async def test_an_answer_cannot_be_cut_where_it_never_was(engine: str) -> None:
    async with connected(engine) as client:
        item_id = await spoken(client, 5)
        cut: dict[str, Any] = {"item_id": item_id, "content_index": 0}
        error = await client.error_of("conversation.item.truncate", **cut, audio_end_ms=600)
        assert error["param"] == "audio_end_ms"
        assert (await retrieved(client, item_id))["content"][0]["transcript"] == "1 2 3 4 5"


async def test_an_answer_may_be_cut_while_it_is_spoken(engine: str) -> None:
    async with connected(engine) as client:
        await client.type_in("long:999")
        item_id = (await client.until("response.output_audio.delta"))["item_id"]
        cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 60}
        await client.send("response.cancel")
        await client.send("conversation.item.truncate", **cut)
        await client.until("conversation.item.truncated", item_id=item_id)
        response = await client.done()
        assert response["status"] == "cancelled"
        assert words(response) == [""]
        assert (await retrieved(client, item_id))["content"][0]["transcript"] == ""


async def test_deleting_what_is_being_said_does_no_harm(engine: str) -> None:
    async with connected(engine) as client:
        await client.type_in("long:10")
        item_id = (await client.until("response.output_audio.delta"))["item_id"]
        await client.send("conversation.item.delete", item_id=item_id)
        response = await client.done()
        assert (response["status"], response["output"]) == ("completed", [])
        done = [event for event in client.events if event["type"] == "conversation.item.done"]
        assert [event["item"]["role"] for event in done] == ["user"]


async def test_an_id_may_be_used_again_while_its_item_is_being_said(engine: str) -> None:
    async with connected(engine) as client:
        await client.type_in("long:10")
        item_id = (await client.until("response.output_audio.delta"))["item_id"]
        await client.send("conversation.item.delete", item_id=item_id)
        await client.create({**text(item_id), "content": []})
        assert (await client.done())["status"] == "completed"
        assert (await retrieved(client, item_id))["role"] == "user"


@pytest.mark.parametrize("action", ["retrieve", "delete", "truncate"])
async def test_an_item_nobody_has_is_refused(engine: str, action: str) -> None:
    async with connected(engine) as client:
        fields = {"content_index": 0, "audio_end_ms": 0} if action == "truncate" else {}
        name = f"conversation.item.{action}"
        error = await client.error_of(name, item_id="item_x", event_id="mine", **fields)
        assert error["code"] == f"item_{action}_invalid_item_id"
        assert (error["event_id"], error["param"]) == ("mine", "item_id")
