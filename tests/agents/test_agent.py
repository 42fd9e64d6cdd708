"""Declaring an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.agents.handoffs import realtime_handoff
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.tool_context import ToolContext
from sipagent.agents.tools import function_tool

RING = function_tool(lambda: None, name="ring")
BILLING = RealtimeAgent("Billing")


def test_everything_but_the_name_may_be_left_out() -> None:
    agent = RealtimeAgent("Reception")
    assert (agent.instructions, agent.tools, agent.handoffs) == ("", [], [])
    assert (agent.prompt, agent.voice, agent.hooks) == (None, None, None)


def test_what_an_agent_may_hold_is_taken() -> None:
    guardrail = OutputGuardrail("polite", lambda *_: GuardrailResult(False))
    agent = RealtimeAgent(
        "Reception",
        lambda context, agent: "Receive.",
        [RING],
        [BILLING, realtime_handoff(BILLING)],
        voice={"id": "voice_1"},
        prompt=lambda context, agent: None,
        output_guardrails=[guardrail],
        hooks=AgentHooks(),
    )
    assert agent.tools == [RING]


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("name", None, "name must be str, not NoneType"),
        ("instructions", None, "instructions must be str or Callable, not NoneType"),
        ("tools", (), "tools must be a list, not tuple"),
        ("tools", [RING, print], r"tools\[1\] must be FunctionTool or HostedMcpTool, not builtin"),
        ("handoffs", ["Billing"], r"handoffs\[0\] must be RealtimeAgent or Handoff, not str"),
        ("handoff_description", None, "handoff_description must be str"),
        ("voice", 7, "voice must be str or Mapping or None, not int"),
        ("prompt", "pmpt_1", "prompt must be Mapping or Callable or None, not str"),
        ("output_guardrails", [print], r"output_guardrails\[0\] must be OutputGuardrail"),
        ("hooks", print, "hooks must be AgentHooks or None"),
        ("mcp_servers", ["http://localhost"], r"mcp_servers\[0\] must be McpServer, not str"),
    ],
)
def test_a_field_that_holds_something_else_is_named(field: str, value: Any, complaint: str) -> None:
    with pytest.raises(TypeError, match=f"RealtimeAgent.{complaint}"):
        RealtimeAgent(**{"name": "Reception"} | {field: value})


@pytest.mark.parametrize(
    "field",
    [
        "model",
        "model_settings",
        "output_type",
        "tool_use_behavior",
        "reset_tool_choice",
        "input_guardrails",
    ],
)
def test_what_a_realtime_agent_has_not_is_refused(field: str) -> None:
    options: dict[str, Any] = {field: None}
    with pytest.raises(TypeError, match=field):
        RealtimeAgent("Reception", **options)


def test_a_clone_differs_in_what_is_said_and_shares_the_rest() -> None:
    agent = RealtimeAgent("Reception", "Receive.", [RING], [BILLING])
    clone = agent.clone(name="Night reception", handoffs=[])
    assert (clone.name, clone.instructions, clone.handoffs) == ("Night reception", "Receive.", [])
    assert clone.tools is agent.tools
    assert (agent.name, agent.handoffs) == ("Reception", [BILLING])


@pytest.mark.parametrize("overrides", [{"model": "gpt"}, {"tools": ()}])
def test_a_clone_is_checked_like_an_original(overrides: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        BILLING.clone(**overrides)


HOOKS: list[Callable[[AgentHooks], Any]] = [
    lambda hooks: hooks.on_start("the call", BILLING),
    lambda hooks: hooks.on_end("the call", BILLING, "Goodbye."),
    lambda hooks: hooks.on_handoff("the call", BILLING, RealtimeAgent("Reception")),
    lambda hooks: hooks.on_tool_start(ToolContext(None, "call_1", "Billing"), BILLING, RING),
    lambda hooks: hooks.on_tool_end(ToolContext(None, "call_1", "Billing"), BILLING, RING, "ok"),
]


@pytest.mark.parametrize("call", HOOKS)
async def test_hooks_that_are_not_overridden_do_nothing(call: Callable[[AgentHooks], Any]) -> None:
    assert await call(AgentHooks()) is None
