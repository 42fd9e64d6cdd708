"""What one response may have of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .client import Client, Json, connected, tool_calls, words

TOOL: Json = {"type": "function", "name": "look_up"}


def text(words: str, item_id: str | None = None) -> Json:
    content = [{"type": "input_text", "text": words}]
    item: Json = {"type": "message", "role": "user", "content": content}
    return item if item_id is None else {**item, "id": item_id}


async def responded(client: Client, **own: Any) -> Json:
    """Ask for a response with its own configuration; return it when it is done."""
    await client.send("response.create", response=own)
    return await client.done()


def conversation_events(client: Client) -> list[str]:
    return [event["type"] for event in client.events if "conversation.item" in event["type"]]


async def test_overrides_are_of_one_response(engine: str) -> None:
    async with connected(engine) as client:
        own = {"instructions": "say: Just this once.", "metadata": {"topic": "greeting"}}
        response = await responded(client, **own)
        assert words(response) == ["Just this once."]
        assert response["metadata"] == {"topic": "greeting"}
        response = await client.ask("hello")
        assert (words(response), response["metadata"]) == (["echo hello"], None)


async def test_one_response_may_be_text_in_a_session_that_speaks(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("say:Read me, please."))
        response = await responded(client, output_modalities=["text"])
        (item,) = response["output"]
        assert item["content"] == [{"type": "output_text", "text": "Read me, please."}]
        assert response["output_modalities"] == ["text"]
        types = client.types()
        assert types[types.index("response.created") :] == [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
        ]
        deltas = [each for each in client.events if each["type"] == "response.output_text.delta"]
        assert [each["delta"] for each in deltas] == ["Read", " me,", " please."]
        parts = [each["part"] for each in client.events if "content_part" in each["type"]]
        assert parts == [
            {"type": "text", "text": ""},
            {"type": "text", "text": "Read me, please."},
        ]


async def test_one_response_may_have_another_format_and_voice(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("long:5"))
        output = {"format": {"type": "audio/pcmu"}, "voice": "cedar"}
        response = await responded(client, audio={"output": output})
        assert response["audio"]["output"] == output
        audio = client.audio(response["output"][0]["id"])
        assert 500 <= len(audio) / 8 <= 520


async def test_one_response_may_be_of_another_agent(engine: str) -> None:
    async with connected(engine, prompt={"id": "desk"}) as client:
        billing = {"id": "desk", "variables": {"agent": "Billing"}}
        assert words(await responded(client, prompt=billing)) == ["Billing here."]
        await client.create(text("hm"))
        assert words(await responded(client, input=[])) == ["Reception here."]


async def test_a_tool_may_be_forbidden_demanded_or_named(engine: str) -> None:
    async with connected(engine, tools=[TOOL]) as client:
        await client.create(text('call:look_up {"order": 12}'))
        assert tool_calls(await responded(client, tool_choice="none")) == []
        await client.create(text("hello"))
        assert tool_calls(await responded(client, tool_choice="required")) == [("look_up", {})]
        await client.create(text("hello"))
        named = {"type": "function", "name": "other"}
        assert tool_calls(await responded(client, tool_choice=named)) == [("other", {})]
        assert tool_calls(await client.ask("hello")) == []


async def test_a_response_that_grows_too_long_is_incomplete(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("long:50"))
        response = await responded(client, max_output_tokens=20)
        assert response["status"] == "incomplete"
        assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
        assert response["max_output_tokens"] == 20
        assert 15 <= response["usage"]["output_tokens"] <= 20
        (item,) = response["output"]
        assert item["status"] == "incomplete"
        sent_ms = len(client.audio(item["id"])) // 48
        assert 600 <= sent_ms <= 1_000
        assert response["usage"]["output_token_details"]["audio_tokens"] == sent_ms // 50
        done = [each for each in client.events if each["type"] == "response.output_audio.done"]
        assert len(done) == 1


async def test_a_text_that_grows_too_long_is_incomplete(engine: str) -> None:
    async with connected(engine, output_modalities=["text"], max_output_tokens=2) as client:
        response = await client.ask("say:One two three four five")
        assert response["status"] == "incomplete"
        assert response["output"][0]["content"][0]["text"] == "One two"


async def test_a_response_out_of_band_leaves_nothing_in_the_conversation(engine: str) -> None:
    async with connected(engine) as client:
        response = await responded(
            client, conversation="none", instructions="say:Aside.", metadata={"n": "1"}
        )
        assert words(response) == ["Aside."]
        assert (response["conversation_id"], response["metadata"]) == (None, {"n": "1"})
        assert conversation_events(client) == []
        item_id = response["output"][0]["id"]
        error = await client.error_of("conversation.item.retrieve", item_id=item_id)
        assert error["code"] == "item_retrieve_invalid_item_id"


async def test_a_response_out_of_band_runs_beside_the_conversations(engine: str) -> None:
    async with connected(engine) as client:
        await client.type_in("long:30")
        main = (await client.until("response.created"))["response"]
        assert main["conversation_id"].startswith("conv_")
        own = {"conversation": "none", "output_modalities": ["text"], "input": [text("say:Hi.")]}
        aside = await responded(client, **own)
        assert aside["id"] != main["id"]
        assert aside["output"][0]["content"][0]["text"] == "Hi."
        response = await client.done()
        assert (response["id"], response["status"]) == (main["id"], "completed")


async def test_each_of_two_responses_at_once_can_be_cancelled(engine: str) -> None:
    async with connected(engine) as client:
        await client.type_in("long:999")
        main = (await client.until("response.created"))["response"]["id"]
        own = {"conversation": "none", "input": [text("long:999")]}
        await client.send("response.create", response=own)
        aside = (await client.until("response.created"))["response"]["id"]
        await client.send("response.cancel", response_id=aside)
        assert (await client.done())["id"] == aside
        await client.send("response.cancel")
        assert (await client.done())["id"] == main


async def test_a_response_answers_to_the_input_it_is_given(engine: str) -> None:
    async with connected(engine) as client:
        await client.create(text("say:first", "a"))
        await client.create(text("say:second", "b"))
        reference = {"type": "item_reference", "id": "a"}
        assert words(await responded(client, input=[reference])) == ["first"]
        assert words(await responded(client, input=[text("say:third")])) == ["third"]
        assert words(await responded(client, input=[])) == ["Hello."]


@pytest.mark.parametrize(
    ("own", "param"),
    [
        ({"conversation": "other"}, "response.conversation"),
        ({"input": {}}, "response.input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "response.input[0].id"),
        ({"input": [text("a"), {"type": "message"}]}, "response.input[1].role"),
        ({"metadata": {"k": 7}}, "response.metadata.k"),
        ({"tool_choice": "sometimes"}, "response.tool_choice"),
        ({"max_output_tokens": 4_097}, "response.max_output_tokens"),
    ],
)
async def test_a_wrong_override_is_named_and_nothing_begins(
    engine: str, own: Json, param: str
) -> None:
    async with connected(engine) as client:
        error = await client.error_of("response.create", response=own, event_id="mine")
        assert (error["param"], error["event_id"]) == (param, "mine")
        await client.ask("hello")
        begun = [event for event in client.events if event["type"] == "response.created"]
        assert len(begun) == 1


async def test_responses_out_of_band_do_not_mix(engine: str) -> None:
    async with connected(engine) as client:
        for number in range(5):
            own: Json = {"conversation": "none", "input": [text(f"say:{number}")]}
            own["metadata"] = {"number": str(number)}
            await client.send("response.create", response=own)
        async with asyncio.timeout(10):
            done = [await client.done() for _ in range(5)]
        said = {response["metadata"]["number"]: words(response) for response in done}
        assert said == {str(number): [str(number)] for number in range(5)}
