"""The official client asks for responses over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from openai import AsyncOpenAI, BadRequestError, InternalServerError, NotFoundError, RateLimitError
from openai.types.responses import FunctionToolParam

from .endpoint import endpoint
from .official import Json, check_events, check_response

LIMIT_S = 15.0
FIND: FunctionToolParam = {
    "type": "function",
    "name": "find",
    "parameters": {"type": "object", "properties": {}},
    "strict": True,
}


@pytest.fixture
async def base() -> AsyncIterator[str]:
    """Yield the URL of an endpoint."""
    async with endpoint() as url:
        yield url


@pytest.fixture
async def client(base: str) -> AsyncIterator[AsyncOpenAI]:
    """Yield the official client."""
    async with AsyncOpenAI(api_key="any", base_url=base, max_retries=0) as official:
        yield official


async def posted(base: str, path: str, body: Any, **options: Any) -> tuple[int, str, str]:
    """Return status, content type and text of an answer."""
    async with ClientSession() as web, web.post(base + path, json=body, **options) as response:
        return response.status, response.content_type, await response.text()


async def test_a_plain_response_is_the_whole_of_it(base: str, client: AsyncOpenAI) -> None:
    response = await client.responses.create(model="gpt-x", input="Hello there")
    assert response.output_text == "echo Hello there"
    status, kind, text = await posted(base, "/responses", {"model": "gpt-x", "input": "Hello"})
    assert (status, kind) == (200, "application/json")
    check_response(json.loads(text))


async def test_a_stream_is_server_sent_events(base: str) -> None:
    body = {"model": "gpt-x", "input": "say:Good day", "stream": True}
    status, kind, text = await posted(base, "/responses", body)
    assert (status, kind) == (200, "text/event-stream")
    assert text.endswith("\n\n")
    frames = [frame.split("\n") for frame in text.removesuffix("\n\n").split("\n\n")]
    assert all(len(lines) == 2 for lines in frames)
    events = [json.loads(data.removeprefix("data: ")) for _, data in frames]
    assert [name for name, _ in frames] == [f"event: {each['type']}" for each in events]
    names = check_events(events)
    assert (names[0], names[-1]) == ("created", "completed")


async def test_the_official_client_reads_a_stream(client: AsyncOpenAI) -> None:
    async with client.responses.stream(
        model="gpt-x", input='call:find {"n": 1}', tools=[FIND]
    ) as stream:
        names = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert "response.function_call_arguments.done" in names
    (call,) = final.output
    assert call.type == "function_call"
    assert call.arguments == '{"n": 1}'


async def test_a_text_is_read_while_it_is_written(client: AsyncOpenAI) -> None:
    stream = await client.responses.create(model="gpt-x", input="slow:60000 a b", stream=True)
    async with stream:
        names = []
        async for event in stream:
            names.append(event.type)
            if event.type == "response.content_part.added":
                break  # long before the first word
    assert names[0] == "response.created"


async def test_responses_are_retrieved_gone_on_from_and_deleted(client: AsyncOpenAI) -> None:
    first = await client.responses.create(model="gpt-x", input="Hello")
    assert await client.responses.retrieve(first.id) == first
    second = await client.responses.create(
        model="gpt-x", input="say:Again", previous_response_id=first.id
    )
    assert second.output_text == "Again"
    await client.responses.delete(first.id)
    with pytest.raises(NotFoundError) as caught:
        await client.responses.retrieve(first.id)
    assert caught.value.code == "response_not_found"
    with pytest.raises(NotFoundError):
        await client.responses.delete(first.id)
    with pytest.raises(BadRequestError) as refused:
        await client.responses.create(model="gpt-x", input="x", previous_response_id=first.id)
    assert refused.value.code == "previous_response_not_found"


async def test_a_conversation_goes_on(client: AsyncOpenAI) -> None:
    conversation = await client.conversations.create(metadata={"a": "b"})
    assert await client.conversations.retrieve(conversation.id) == conversation
    first = await client.responses.create(
        model="gpt-x", input="call:find {}", conversation=conversation.id
    )
    (call,) = first.output
    assert call.type == "function_call"
    second = await client.responses.create(
        model="gpt-x",
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "found"}],
        conversation=conversation.id,
    )
    assert second.output_text == "found"
    assert (await client.conversations.delete(conversation.id)).deleted
    with pytest.raises(NotFoundError) as caught:
        await client.responses.create(model="gpt-x", input="x", conversation=conversation.id)
    assert caught.value.code == "conversation_not_found"
    with pytest.raises(NotFoundError):
        await client.conversations.retrieve(conversation.id)


async def test_a_text_that_is_cut_is_incomplete(client: AsyncOpenAI) -> None:
    response = await client.responses.create(model="gpt-x", input="long:99", max_output_tokens=2)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


async def test_a_failure_is_as_asked(client: AsyncOpenAI) -> None:
    with pytest.raises(RateLimitError):
        await client.responses.create(model="gpt-x", input="fail:429")
    with pytest.raises(InternalServerError):
        await client.responses.create(model="gpt-x", input="fail:503", stream=True)
    failed = await client.responses.create(model="gpt-x", input="fail:server_error")
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.code == "server_error"


async def test_what_is_wrong_is_told_as_an_error_object(base: str, client: AsyncOpenAI) -> None:
    body = {"model": "gpt-x", "input": "x", "max_output_tokens": 0, "stream": True}
    status, kind, text = await posted(base, "/responses", body)
    error: Json = json.loads(text)["error"]
    assert (status, kind) == (400, "application/json")
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", "max_output_tokens")


@pytest.mark.parametrize("path", ["/responses", "/conversations", "/chat/completions"])
@pytest.mark.parametrize("body", [b"{", b"[" * 900 + b"]" * 900, b"7"])
async def test_what_is_no_json_to_work_with_is_refused(base: str, path: str, body: bytes) -> None:
    async with ClientSession() as web, web.post(base + path, data=body) as response:
        answer = await response.json()
    assert (response.status, answer["error"]["param"]) == (400, "body")


@pytest.mark.parametrize("key", ["", "Bearer sk-x", "Bearer ek_0", "Basic eA=="])
async def test_any_key_is_taken(base: str, key: str) -> None:
    headers = {"Authorization": key} if key else {}
    body = {"model": "gpt-x", "input": "x"}
    status, _, _ = await posted(base, "/responses", body, headers=headers)
    assert status == 200


async def test_a_client_that_goes_away_harms_nobody(base: str, client: AsyncOpenAI) -> None:
    stream = await client.responses.create(model="gpt-x", input="slow:60 a b c", stream=True)
    async for _ in stream:
        break
    await stream.close()
    response = await client.responses.create(model="gpt-x", input="slow:90 still here")
    assert response.output_text == "still here"


async def test_a_chat_completion_is_answered(base: str, client: AsyncOpenAI) -> None:
    completion = await client.chat.completions.create(
        model="gpt-x", messages=[{"role": "user", "content": "slow:5 Good day"}]
    )
    assert completion.choices[0].message.content == "Good day"
    stream = await client.chat.completions.create(
        model="gpt-x", messages=[{"role": "user", "content": "say:Good day"}], stream=True
    )
    words = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(words) == "Good day"
    body = {"model": "gpt-x", "messages": [{"role": "user", "content": "x"}], "stream": True}
    _, kind, text = await posted(base, "/chat/completions", body)
    assert kind == "text/event-stream"
    assert text.endswith("\n\ndata: [DONE]\n\n")


async def test_a_chat_completion_that_fails_says_so(client: AsyncOpenAI) -> None:
    for told in ("fail:server_error", "fail:502"):
        with pytest.raises(InternalServerError):
            await client.chat.completions.create(
                model="gpt-x", messages=[{"role": "user", "content": told}]
            )
