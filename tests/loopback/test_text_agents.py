"""Our text agents against the engine, over each of their transports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.model import Json, ModelRequest
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.transports.provider import OpenAIProvider
from sipagent.agents.backend.transports.websocket_session import responses_websocket_session
from sipagent.agents.tools import function_tool
from sipagent.errors import ModelError

TRANSPORTS = ["http", "websocket", "chat"]


@pytest.fixture
def base_url(engine: str) -> str:
    """Return where its text models are."""
    return engine.replace("ws://", "http://").removesuffix("/realtime")


@pytest.fixture(params=TRANSPORTS)
async def provider(request: pytest.FixtureRequest, base_url: str) -> AsyncIterator[OpenAIProvider]:
    """Yield a provider for each transport."""
    transport: Any = request.param
    async with OpenAIProvider(base_url=base_url, api_key="any", transport=transport) as made:
        yield made


def asked(text: str, **options: Any) -> ModelRequest:
    """Return a request that says ``text``."""
    return ModelRequest("m", "Be brief.", ({"role": "user", "content": text},), **options)


async def events_of(provider: OpenAIProvider, request: ModelRequest) -> list[Json]:
    """Return all events of a response."""
    return [event async for event in provider.model("m").stream(request)]


def words(events: list[Json]) -> str:
    """Return what was said, as it came."""
    return "".join(each["delta"] for each in events if each["type"].endswith("output_text.delta"))


async def test_what_is_to_be_said_is_said(provider: OpenAIProvider) -> None:
    events = await events_of(provider, asked("say:Good morning, how are you?"))
    assert words(events) == "Good morning, how are you?"
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["response"]["usage"]["output_tokens"] > 0
    assert [each["sequence_number"] for each in events] == list(range(len(events)))


async def test_a_run_calls_tools_and_is_told_what_they_said(provider: OpenAIProvider) -> None:
    @function_tool
    def weather(city: str) -> str:
        """Tell the weather."""
        return f"sunny in {city}"

    agent = Agent("Weather", tools=[weather])
    stream = Runner(provider, model="m").run(agent, 'call:weather {"city": "Oslo"}')
    text = "".join([each async for each in stream.text()])
    await stream.completed()
    assert "sunny in Oslo" in text
    assert stream.final_output == text
    assert stream.current_turn == 2


async def test_a_failure_is_told(provider: OpenAIProvider) -> None:
    with pytest.raises(ModelError):
        await Runner(provider, model="m").run_to_end(Agent("A"), "fail:server_error")


async def test_many_responses_at_once(provider: OpenAIProvider) -> None:
    requests = [asked(f"say:number {index}") for index in range(20)]
    answers = await asyncio.gather(*(events_of(provider, each) for each in requests))
    assert [words(each) for each in answers] == [f"number {index}" for index in range(20)]


async def test_a_response_may_be_left(provider: OpenAIProvider) -> None:
    left: Any = provider.model("m").stream(asked("long:200"))
    async with aclosing(left) as events:
        async for event in events:
            if event["type"].endswith("delta"):
                break
    assert words(await events_of(provider, asked("say:still here"))) == "still here"


@pytest.mark.parametrize("transport", ["http", "websocket"])
async def test_the_past_is_kept_at_the_endpoint(base_url: str, transport: Any) -> None:
    async with OpenAIProvider(base_url=base_url, transport=transport) as provider:
        first = await events_of(provider, asked("say:one"))
        past = first[-1]["response"]["id"]
        second = await events_of(provider, asked("say:two", previous_response_id=past))
        assert second[-1]["response"]["previous_response_id"] == past
        with pytest.raises(ModelError) as caught:
            await events_of(provider, asked("say:three", previous_response_id="resp_none"))
    assert caught.value.status in (400, 404)


async def test_a_session_of_websockets_runs_agents(base_url: str) -> None:
    async with responses_websocket_session(base_url=base_url, api_key="any", model="m") as session:
        runs = [
            await session.runner.run_to_end(Agent("A"), f"say:{word}") for word in ("one", "two")
        ]
        model = session.provider.model("m")
    assert [run.final_output for run in runs] == ["one", "two"]
    with pytest.raises(ModelError, match="closed"):
        [event async for event in model.stream(asked("say:three"))]
