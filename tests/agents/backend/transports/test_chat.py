"""Chat Completions in place of the Responses API."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from sipagent.agents.backend.model import Json, Model, ModelRequest
from sipagent.agents.backend.transports import retries
from sipagent.agents.backend.transports.chat import ChatCompletions
from sipagent.agents.backend.transports.chat_request import chat_body
from sipagent.agents.backend.transports.endpoint import ModelEndpoint
from sipagent.errors import ModelError

from .far_ends import HELLO, KEY, Answer, data, events_of, http_api

HI: Json = {"id": "c", "choices": [{"delta": {"content": "Hi"}, "finish_reason": None}]}
STOP: Json = {"id": "c", "choices": [{"delta": {}, "finish_reason": "stop"}]}
USAGE: Json = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
DONE = b"data: [DONE]\n\n"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_DELAY_S", 0.001)


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[ChatCompletions]:
    """Yield a model, and close it."""
    made = ChatCompletions(ModelEndpoint(url, KEY))
    try:
        yield made
    finally:
        await made.close()


async def failure(answer: Answer) -> ModelError:
    """Ask in vain; return how it failed."""
    async with http_api(answer) as api, asking(api.url) as model:
        with pytest.raises(ModelError) as caught:
            await events_of(model)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


async def test_a_completion_is_asked_for_and_told_as_a_response() -> None:
    answer = Answer([data(HI, STOP, USAGE) + DONE])
    async with http_api(answer) as api, asking(api.url) as model:
        events = await events_of(model)
    (asked,) = api.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body == chat_body(HELLO, "")
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == "Hi"
    assert events[-1]["response"]["usage"]["total_tokens"] == 4


def test_it_is_a_model() -> None:
    assert isinstance(ChatCompletions(ModelEndpoint("http://h")), Model)


async def test_what_it_says_does_not_wait_for_the_end() -> None:
    async with http_api(Answer([data(HI)], then="wait")) as api, asking(api.url) as model:
        events = model.stream(HELLO)
        kinds = [(await anext(events))["type"] for _ in range(4)]
        assert kinds[-1] == "response.output_text.delta"
        await events.aclose()
        async with asyncio.timeout(5):
            await api.left.wait()


async def test_the_connection_is_used_again() -> None:
    answer = Answer([data(HI, STOP), DONE], then="late end")
    async with http_api(answer) as api, asking(api.url) as model:
        for _ in range(3):
            await events_of(model)
    assert len({asked.peer for asked in api.asked}) == 1


async def test_a_stream_may_end_without_saying_so() -> None:
    async with http_api(Answer([data(HI, STOP)])) as api, asking(api.url) as model:
        assert (await events_of(model))[-1]["type"] == "response.completed"


@pytest.mark.parametrize("last", [b"", DONE])
async def test_an_answer_that_was_not_finished_is_an_error(last: bytes) -> None:
    assert "before it was complete" in str(await failure(Answer([data(HI) + last])))


@pytest.mark.parametrize(
    "chunk",
    [
        {"error": {"message": f"no {KEY}", "type": "server_error", "code": 500}},
        {"error": f"no {KEY}"},
        {"object": "error", "message": f"no {KEY}", "type": "server_error"},
    ],
)
async def test_an_error_within_the_stream_is_told(chunk: Json) -> None:
    assert str(await failure(Answer([data(HI, chunk)]))).endswith("gave up: no ***")


async def test_nonsense_is_an_error() -> None:
    assert "not JSON" in str(await failure(Answer([b"data: {\n\n"])))


async def test_a_busy_endpoint_is_asked_again() -> None:
    async with http_api(Answer((), 503), Answer([data(STOP)])) as api, asking(api.url) as model:
        await events_of(model)
    assert len(api.asked) == 2


async def test_a_refusal_is_told() -> None:
    said = {"object": "error", "message": "no such model", "type": "NotFoundError", "code": 404}
    answer = Answer([orjson.dumps(said)], 404, content_type="application/json")
    error = await failure(answer)
    assert (error.status, error.code) == (404, "NotFoundError")
    assert "no such model" in str(error)


async def test_what_cannot_be_said_is_not_sent() -> None:
    request = ModelRequest("m", "", (), previous_response_id="resp_1")
    async with http_api() as api, asking(api.url) as model:
        with pytest.raises(ModelError, match="chat completions have no"):
            await events_of(model, request)
    assert api.asked == []
