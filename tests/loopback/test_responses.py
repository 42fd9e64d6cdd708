"""Responses of the engine to what is typed."""

from __future__ import annotations

import pytest

from .client import DESK, Client, Json, connected, tool_calls, words

WORDS = "response.output_audio_transcript.delta"

SPOKEN_IN_ORDER = [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    WORDS,
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]


async def test_what_is_to_be_said_is_said(engine: str) -> None:
    async with connected(engine, **DESK) as client:
        response = await client.ask("say:Good morning, how are you?")
        assert words(response) == ["Good morning, how are you?"]
        assert (response["status"], response["status_details"]) == ("completed", None)
        (item,) = response["output"]
        assert (item["status"], item["role"]) == ("completed", "assistant")
        assert 1_000 < len(client.audio(item["id"])) // 8 < 3_000  # ms of speech
        usage = response["usage"]
        assert usage["output_tokens"] > 0
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


async def test_events_of_an_answer_come_in_the_order_every_client_relies_on(engine: str) -> None:
    async with connected(engine) as client:
        await client.ask("say:Hi.")
        types = client.types()
        assert types[types.index("response.created") :] == SPOKEN_IN_ORDER


async def test_the_transcript_runs_ahead_of_the_audio(engine: str) -> None:
    async with connected(engine) as client:
        text = "One of our colleagues will call you back tomorrow, between nine and twelve."
        response = await client.ask(f"say:{text}")
        deltas = [event for event in client.events if event["type"] == WORDS]
        assert "".join(event["delta"] for event in deltas) == text == words(response)[0]
        types = [event["type"] for event in client.events]
        last_word = len(types) - types[::-1].index(WORDS)
        assert types[last_word:].count("response.output_audio.delta") >= 3
        assert types.index("response.output_audio.delta") < last_word - 3


@pytest.mark.parametrize(
    ("audio_format", "bytes_per_ms"), [({"type": "audio/pcma"}, 8), ({"type": "audio/pcm"}, 48)]
)
async def test_audio_comes_in_the_format_that_was_asked_for(
    engine: str, audio_format: Json, bytes_per_ms: int
) -> None:
    async with connected(engine, audio={"output": {"format": audio_format}}) as client:
        (item,) = (await client.ask("long:5"))["output"]
        assert 500 <= len(client.audio(item["id"])) / bytes_per_ms <= 520


async def test_a_response_may_be_text_alone(engine: str) -> None:
    async with connected(engine, output_modalities=["text"]) as client:
        (item,) = (await client.ask("say:Read me."))["output"]
        assert item["content"] == [{"type": "output_text", "text": "Read me."}]
        assert "response.output_text.done" in client.types()
        assert client.audio(item["id"]) == b""


async def test_a_call_is_made_and_its_output_is_in_the_answer(engine: str) -> None:
    async with connected(engine) as client:
        response = await client.ask('call:look_up {"order": 12}')
        (item,) = response["output"]
        assert tool_calls(response) == [("look_up", {"order": 12})]
        assert item["status"] == "completed"
        done = next(event for event in client.events if event["type"].endswith("arguments.done"))
        assert done["call_id"] == item["call_id"]
        assert (done["name"], done["arguments"]) == ("look_up", '{"order": 12}')
        assert words(await answered(client, response, "order 12 is on its way")) == [
            "order 12 is on its way"
        ]


async def test_calls_are_made_together_and_answered_together(engine: str) -> None:
    async with connected(engine) as client:
        response = await client.ask('calls:find {"n": 1} | count {}')
        assert tool_calls(response) == [("find", {"n": 1}), ("count", {})]
        assert words(await answered(client, response, "seven", "of nine")) == ["seven of nine"]


async def test_an_output_without_its_call_is_refused(engine: str) -> None:
    async with connected(engine) as client:
        item = {"type": "function_call_output", "call_id": "call_x", "output": "7"}
        error = await client.error_of("conversation.item.create", item=item)
        assert error["param"] == "item.call_id"


async def test_a_second_response_at_once_is_refused_and_the_first_goes_on(engine: str) -> None:
    async with connected(engine) as client:
        await client.type_in("long:10")
        active = (await client.until("response.created"))["response"]["id"]
        error = await client.error_of("response.create", event_id="mine")
        assert error["code"] == "conversation_already_has_active_response"
        assert active in error["message"]
        assert error["event_id"] == "mine"
        response = await client.done()
        assert (response["id"], response["status"]) == (active, "completed")


async def test_the_next_response_may_be_asked_for_as_soon_as_one_is_done(engine: str) -> None:
    async with connected(engine) as client:
        for number in range(20):
            assert words(await client.ask(f"say:{number}")) == [str(number)]


async def test_what_comes_after_the_question_is_not_answered_with_it(engine: str) -> None:
    async with connected(engine) as client:
        item = {"type": "message", "role": "user"}
        await client.type_in("say:first")
        await client.create({**item, "content": [{"type": "input_text", "text": "say:second"}]})
        assert words(await client.done()) == ["first"]


async def test_an_agent_of_a_script_speaks_first_with_a_greeting(engine: str) -> None:
    billing = {"id": "desk", "variables": {"agent": "Billing"}}
    async with connected(engine, prompt=billing) as client:
        await client.send("response.create")
        assert words(await client.done()) == ["Billing here."]


async def answered(client: Client, response: Json, *outputs: str) -> Json:
    """Answer the calls of a response in order; return the response to that."""
    calls = [item["call_id"] for item in response["output"] if item["type"] == "function_call"]
    for call_id, text in zip(calls, outputs, strict=True):
        item = {"type": "function_call_output", "call_id": call_id, "output": text}
        await client.create(item)
    await client.send("response.create")
    return await client.done()
