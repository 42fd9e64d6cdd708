"""When a tool exists, and when somebody must approve it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import FunctionTool, ToolContext, function_tool

AGENT = RealtimeAgent("Reception")
CONTEXT = ToolContext("the call", "call_1", "Reception")


def refund(amount: int, reason: str = "none") -> None:
    """Refund."""


async def needs(condition: Any, arguments: str = '{"amount":7}') -> bool:
    tool = function_tool(refund, needs_approval=condition)
    return await tool.is_approval_needed(CONTEXT, arguments)


@pytest.mark.parametrize("answer", [False, True])
async def test_approval_may_be_needed_always_or_never(answer: bool) -> None:
    assert await needs(answer) is answer
    assert await needs(answer, "{") is answer


async def test_no_tool_needs_approval_by_itself() -> None:
    assert not await function_tool(refund).is_approval_needed(CONTEXT, "{}")


async def test_a_predicate_is_asked_with_context_parsed_arguments_and_call_id() -> None:
    asked: list[object] = []

    def is_much(context: ToolContext, arguments: Mapping[str, Any], tool_call_id: str) -> bool:
        asked.extend([context.context, arguments, tool_call_id])
        return bool(arguments["amount"] > 100)

    assert not await needs(is_much, '{"amount":"7"}')
    assert asked == ["the call", {"amount": 7, "reason": "none"}, "call_1"]
    assert await needs(is_much, '{"amount":101}')


async def test_a_predicate_may_be_async() -> None:
    async def no(context: ToolContext, arguments: Mapping[str, Any], tool_call_id: str) -> bool:
        return False

    assert not await needs(no)


@pytest.mark.parametrize("arguments", ["{", "[]", "null", "{}", '{"amount":"much"}'])
async def test_arguments_nobody_can_judge_need_approval(arguments: str) -> None:
    assert await needs(lambda *_: False, arguments)


def breaks(*_: Any) -> bool:
    raise OSError


async def ends(*_: Any) -> bool:
    raise SystemExit


@pytest.mark.parametrize("unclear", [breaks, ends, lambda *_: None, lambda *_: 0])
async def test_an_unclear_predicate_needs_approval_and_has_no_tool(unclear: Any) -> None:
    assert await needs(unclear)
    tool = function_tool(refund, is_enabled=unclear)
    assert not await tool.is_enabled_for("the call", AGENT)


@pytest.mark.parametrize("answer", [False, True])
async def test_a_tool_is_there_or_not(answer: bool) -> None:
    async def ask(context: Any, agent: RealtimeAgent) -> bool:
        return answer and (context, agent) == ("the call", AGENT)

    tools: list[FunctionTool] = [
        function_tool(refund, is_enabled=answer),
        function_tool(refund, is_enabled=lambda *_: answer),
        function_tool(refund, is_enabled=ask),
    ]
    assert [await tool.is_enabled_for("the call", AGENT) for tool in tools] == [answer] * 3
