"""Declaring a text agent."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents import backend
from sipagent.agents.backend.agent import Agent, StopAtTools, as_handoff, handoff
from sipagent.agents.backend.guardrails import InputGuardrail
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.tools import function_tool
from sipagent.errors import ConfigError

from .scripted_model import ScriptedModel

RING = function_tool(lambda: None, name="ring")
BILLING = Agent("Billing", handoff_description="Knows bills.")
FINE = GuardrailResult(False)


def test_what_an_agent_may_hold_is_taken() -> None:
    agent = Agent(
        "Clerk",
        lambda context, agent: "Serve.",
        [RING],
        [BILLING, handoff(BILLING, tool_name="to_billing")],
        model=ScriptedModel(),
        model_settings={"temperature": 1},
        output_type=int,
        input_guardrails=[InputGuardrail("in", lambda *_: FINE)],
        output_guardrails=[OutputGuardrail("out", lambda *_: FINE)],
        tool_use_behavior=StopAtTools(("ring",)),
        hooks=AgentHooks(),
        prompt=lambda context, agent: None,
    )
    assert agent.clone(name="Other").tools is agent.tools


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("name", None, "name must be str, not NoneType"),
        ("instructions", None, "instructions must be str or Callable"),
        ("tools", (), "tools must be a list, not tuple"),
        ("tools", [print], r"tools\[0\] must be FunctionTool, not builtin"),
        ("handoffs", ["Billing"], r"handoffs\[0\] must be Agent or Handoff, not str"),
        ("model", 7, "model must be str or Model or None, not int"),
        ("model_settings", [], "model_settings must be Mapping"),
        ("tool_use_behavior", 7, "tool_use_behavior must be str or StopAtTools or Callable"),
        ("input_guardrails", [print], r"input_guardrails\[0\] must be InputGuardrail"),
        ("output_guardrails", [print], r"output_guardrails\[0\] must be OutputGuardrail"),
        ("hooks", print, "hooks must be AgentHooks or None"),
        ("mcp_servers", ["http://localhost"], r"mcp_servers\[0\] must be McpServer, not str"),
    ],
)
def test_a_field_that_holds_something_else_is_named(field: str, value: Any, complaint: str) -> None:
    with pytest.raises(TypeError, match=f"^Agent.{complaint}"):
        Agent(**{"name": "Clerk"} | {field: value})


def test_a_behavior_there_is_not_is_refused() -> None:
    behavior: Any = "stop"
    with pytest.raises(ConfigError, match="no tool_use_behavior: stop"):
        Agent("Clerk", tool_use_behavior=behavior)


def test_a_handoff_is_made_of_an_agent() -> None:
    made = as_handoff(BILLING)
    assert (made.agent, made.tool_name) == (BILLING, "transfer_to_billing")
    assert made.tool_description.endswith("Knows bills.")
    assert as_handoff(made) is made


def test_every_public_name_is_there() -> None:
    for name in " ".join(backend._NAMES.values()).split():
        assert getattr(backend, name) is not None
        assert name in dir(backend)
    with pytest.raises(AttributeError):
        _ = backend.Nothing
