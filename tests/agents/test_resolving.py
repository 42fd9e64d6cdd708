"""What an agent is at one moment."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import realtime_handoff
from sipagent.agents.resolving import resolve
from sipagent.agents.tools import FunctionTool, function_tool
from sipagent.errors import ConfigError

BILLING, SALES = RealtimeAgent("Billing"), RealtimeAgent("Sales")


def tool(name: str, **options: Any) -> FunctionTool:
    return function_tool(lambda: None, name=name, **options)


async def test_texts_and_mappings_are_what_they_are() -> None:
    agent = RealtimeAgent("Reception", "Receive.", prompt={"prompt_id": "pmpt_1", "version": "2"})
    resolved = await resolve(agent, None)
    assert (resolved.agent, resolved.instructions) == (agent, "Receive.")
    assert resolved.prompt == {"id": "pmpt_1", "version": "2"}


async def test_functions_are_asked_with_context_and_agent() -> None:
    async def instructions(context: Any, agent: RealtimeAgent) -> str:
        return f"{agent.name} for {context}"

    def prompt(context: Any, agent: RealtimeAgent) -> dict[str, Any]:
        return {"id": context}

    resolved = await resolve(RealtimeAgent("Reception", instructions, prompt=prompt), "the call")
    assert resolved.instructions == "Reception for the call"
    assert resolved.prompt == {"id": "the call"}


async def test_there_may_be_no_prompt() -> None:
    assert (await resolve(BILLING, None)).prompt is None
    agent = RealtimeAgent("Reception", prompt=lambda *_: None)
    assert (await resolve(agent, None)).prompt is None


async def test_a_function_that_returns_something_else_is_refused() -> None:
    nothing: Any = lambda *_: None  # noqa: E731
    with pytest.raises(TypeError, match="instructions of Reception are no text: NoneType"):
        await resolve(RealtimeAgent("Reception", nothing), None)
    with pytest.raises(TypeError, match="prompt of Reception is no mapping: str"):
        text: Any = lambda *_: "pmpt_1"  # noqa: E731
        await resolve(RealtimeAgent("Reception", prompt=text), None)


async def test_only_what_is_enabled_is_there() -> None:
    hidden = tool("hidden", is_enabled=False)
    agent = RealtimeAgent(
        "Reception",
        tools=[tool("ring"), hidden],
        handoffs=[BILLING, realtime_handoff(SALES, is_enabled=lambda *_: False)],
    )
    resolved = await resolve(agent, None)
    assert [each["name"] for each in resolved.wire_tools()] == ["ring", "transfer_to_billing"]
    assert resolved.find("hidden") is None
    assert resolved.find("transfer_to_sales") is None


async def test_tools_are_found_by_their_name_and_handoffs_in_any_case() -> None:
    agent = RealtimeAgent("Reception", tools=[tool("ring")], handoffs=[BILLING])
    resolved = await resolve(agent, None)
    (handoff,) = resolved.handoffs
    assert resolved.find("ring") is agent.tools[0]
    assert resolved.find("transfer_to_Billing") is handoff
    assert handoff.agent is BILLING
    assert resolved.find("Ring") is None
    assert resolved.find("") is None


async def test_a_moment_stays_what_it_was() -> None:
    agent = RealtimeAgent("Reception", "Receive.", [tool("ring")])
    resolved = await resolve(agent, None)
    agent.tools.clear()
    agent.instructions = "Leave."
    assert resolved.find("ring") is not None
    assert resolved.instructions == "Receive."


@pytest.mark.parametrize(
    ("tools", "handoffs", "complaint"),
    [
        ([tool("a"), tool("a")], [], 'the tool "a" and another tool have'),
        (
            [tool("Transfer_to_Billing")],
            [BILLING],
            'the tool "Transfer_to_Billing" and the handoff to "Billing" have',
        ),
        (
            [],
            [RealtimeAgent("A B"), RealtimeAgent("a_b")],
            'the handoff to "A B" and the handoff to "a_b" have the same name "transfer_to_a_b"',
        ),
        (
            [],
            [BILLING, realtime_handoff(SALES, tool_name="Transfer_To_Billing")],
            'the handoff to "Billing" and the handoff to "Sales" have',
        ),
    ],
)
async def test_two_of_one_name_are_refused_and_both_named(
    tools: list[Any], handoffs: list[Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        await resolve(RealtimeAgent("Reception", tools=tools, handoffs=handoffs), None)


async def test_one_of_two_may_be_disabled() -> None:
    agent = RealtimeAgent("Reception", tools=[tool("a"), tool("a", is_enabled=False)])
    assert (await resolve(agent, None)).tools == (agent.tools[0],)


async def test_tools_that_differ_in_case_are_two() -> None:
    agent = RealtimeAgent("Reception", tools=[tool("a"), tool("A")])
    assert len((await resolve(agent, None)).tools) == 2
