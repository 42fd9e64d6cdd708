"""What runs come to: text, tools, other agents, forms, and a past at the endpoint."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from openai import AsyncOpenAI

from sipagent.agents.backend import (
    ModelBehaviorError,
    ModelError,
    RawModelStreamEvent,
    Runner,
    function_tool,
)
from sipagent.agents.backend.transports.provider import Transport
from sipagent.agents.backend.transports.websocket_session import responses_websocket_session

from .reception import Weather, on_all, on_responses, output, reception, told
from .relay import CHAT, RESPONSES, Relay, fault

SUNDAY = 'call:opening_hours {"day": "sunday"}'
HI = {"role": "user", "content": "hi"}


@on_all
async def test_a_text_comes_in_parts(runner: Runner) -> None:
    stream = runner.run(reception(), "say:one two three")
    parts = [part async for part in stream.text()]
    assert len(parts) > 1
    assert "".join(parts) == "one two three"
    assert output(stream) == ("one two three", "Reception")


@on_responses
async def test_every_event_reaches_the_user(runner: Runner) -> None:
    stream = runner.run(reception(), "say:one two three")
    raw = [event.data async for event in stream if isinstance(event, RawModelStreamEvent)]
    events = [data["event"] for data in raw if data["type"] == "model"]
    assert [event["type"] for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * 3,
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [data["type"] for data in raw if data["type"] != "model"] == [
        "response_started",
        *["output_text_delta"] * 3,
        "response_done",
    ]
    assert raw[-1]["response"]["id"] == stream.last_response_id
    assert raw[-1]["response"]["usage"]["output_tokens"] > 0


@on_all
async def test_a_tool_is_run_and_its_answer_answered(runner: Runner, relay: Relay) -> None:
    stream = runner.run(reception(), SUNDAY)
    assert await told(stream) == ["tool_called", "tool_output", "message_output_created"]
    assert output(stream) == ("ten to two on sunday", "Reception")
    assert (stream.current_turn, len(relay.bodies)) == (2, 2)


@on_all
async def test_several_tools_are_run_at_once(runner: Runner) -> None:
    both = asyncio.Barrier(2)

    async def meet(name: str) -> str:
        """Wait for the other one."""
        await both.wait()
        return f"{name} came"

    agent = reception(tools=[function_tool(meet)])
    run = await runner.run_to_end(agent, 'calls:meet {"name": "Ada"} | meet {"name": "Bob"}')
    assert run.final_output == "Ada came Bob came"


@on_responses
async def test_another_agent_takes_over_by_its_script(runner: Runner) -> None:
    run = await runner.run_to_end(reception("desk"), "call:transfer_to_billing {}")
    assert output(run) == ("Billing here.", "Billing")


@on_all
async def test_another_agent_takes_over(runner: Runner, relay: Relay) -> None:
    stream = runner.run(reception(), "call:transfer_to_billing {}")
    assert await told(stream) == [
        "handoff_requested",
        "handoff_occurred",
        "Billing",
        "message_output_created",
    ]
    assert stream.current_agent.name == "Billing"
    assert ["tools" in body for body in relay.bodies] == [True, False]


@on_all
async def test_a_structured_answer_is_read(runner: Runner, relay: Relay) -> None:
    agent = reception(output_type=Weather)
    run = await runner.run_to_end(agent, 'json:{"city": "Ulm", "degrees": 7}')
    assert run.final_output == Weather(city="Ulm", degrees=7)
    assert "text" in relay.bodies[0] or "response_format" in relay.bodies[0]


@on_all
async def test_a_structured_answer_that_does_not_fit_is_refused(runner: Runner) -> None:
    run = runner.run(reception(output_type=Weather), 'json:{"city": "Ulm"}')
    with pytest.raises(ModelBehaviorError, match="degrees"):
        await run.completed()
    assert run.final_output is None


@on_responses
async def test_a_run_goes_on_from_the_response_before(runner: Runner, relay: Relay) -> None:
    first = await runner.run_to_end(reception(), "say:Hello")
    past = first.last_response_id
    second = await runner.run_to_end(reception(), SUNDAY, previous_response_id=past)
    assert second.final_output == "ten to two on sunday"
    named = [body.get("previous_response_id") for body in relay.bodies]
    assert named == [None, past, second.raw_responses[0]["id"]]
    assert [len(body["input"]) for body in relay.bodies] == [1, 1, 1]
    assert relay.bodies[2]["input"][0]["type"] == "function_call_output"


@on_responses
async def test_a_run_goes_on_from_no_response_nobody_has(runner: Runner) -> None:
    with pytest.raises(ModelError) as caught:
        await runner.run_to_end(reception(), "x", previous_response_id="resp_0")
    assert caught.value.code == "previous_response_not_found"
    assert (await runner.run_to_end(reception(), "say:Still here")).final_output == "Still here"


@on_responses
async def test_a_run_goes_on_in_a_conversation(
    runner: Runner, relay: Relay, engine_url: str
) -> None:
    async with AsyncOpenAI(api_key="any", base_url=f"{engine_url}/v1") as client:
        conversation = (await client.conversations.create()).id
    run = await runner.run_to_end(reception(), SUNDAY, conversation_id=conversation)
    assert run.final_output == "ten to two on sunday"
    again = await runner.run_to_end(reception(), "say:Bye", conversation_id=conversation)
    assert again.final_output == "Bye"
    assert [len(body["input"]) for body in relay.bodies] == [1, 1, 1]
    assert {body["conversation"] for body in relay.bodies} == {conversation}


@on_all
async def test_the_history_is_where_the_next_run_begins(runner: Runner, relay: Relay) -> None:
    first = await runner.run_to_end(reception(), SUNDAY)
    question = {"role": "user", "content": "say:Bye"}
    second = await runner.run_to_end(reception(), [*first.history, question])
    assert second.final_output == "Bye"
    said = relay.bodies[-1].get("input") or relay.bodies[-1]["messages"][1:]
    assert len(said) == 5


@on_all
async def test_settings_are_those_of_the_api(runner: Runner, relay: Relay) -> None:
    settings: dict[str, Any] = {
        "temperature": 0.2,
        "top_p": 0.9,
        "max_output_tokens": 200,
        "parallel_tool_calls": False,
        "tool_choice": "auto",
    }
    agent = reception(model_settings=settings)
    assert (await runner.run_to_end(agent, "say:Hello")).final_output == "Hello"
    assert relay.bodies[0]["temperature"] == 0.2


async def test_a_session_of_websockets_has_one(relay: Relay) -> None:
    async with responses_websocket_session(base_url=relay.url, model="any") as session:
        for word in ("one", "two"):
            run = await session.runner.run_to_end(reception(), f"say:{word}")
            assert run.final_output == word
        await session.runner.run_to_end(reception(), SUNDAY)
    assert (relay.sockets, len(relay.bodies)) == (1, 4)


@pytest.mark.parametrize("transport", ["http", "chat"])
async def test_a_request_that_is_wrong_would_be_found(
    runner: Runner, relay: Relay, transport: Transport
) -> None:
    await runner.run_to_end(reception(), SUNDAY)
    kind = CHAT if transport == "chat" else RESPONSES
    inner = "messages" if transport == "chat" else "input"
    right = relay.bodies[-1]
    assert fault(kind, right) is None
    assert fault(kind, {**right, "nonsense": 1})
    assert fault(kind, {**right, inner: [{**HI, "nonsense": 1}]})
    assert fault(kind, {**right, "tools": [{"type": "function"}]})
    assert fault(kind, {**right, inner: "hi", "stream": "yes"})
