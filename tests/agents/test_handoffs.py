"""Handoffs as the model sees them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from sipagent.agents import callbacks
from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import (
    Handoff,
    as_handoff,
    handoff_output,
    handoff_tool_name,
    realtime_handoff,
)
from sipagent.agents.resolving import resolve
from sipagent.agents.tool_errors import ToolArgumentsInvalid
from sipagent.agents.tools import DEFAULT_ERROR, ToolContext
from sipagent.errors import ConfigError, ToolError

BILLING = RealtimeAgent("Billing Agent", handoff_description="Knows invoices.")
SALES = RealtimeAgent("Sales")
RECEPTION = RealtimeAgent("Reception", handoffs=[BILLING, SALES])
CONTEXT = ToolContext("the call", "call_1", "Reception")


class Reason(BaseModel):
    """Why somebody is handed over."""

    text: str
    is_urgent: bool = False


async def target_of(agent: RealtimeAgent, name: str) -> RealtimeAgent | None:
    """Return whom the tool ``name`` of ``agent`` hands over to."""
    found = (await resolve(agent, None)).find(name)
    return found.agent if isinstance(found, Handoff) else None


@pytest.mark.parametrize(
    ("agent_name", "tool_name"),
    [
        ("Billing Agent", "transfer_to_billing_agent"),
        ("SALES", "transfer_to_sales"),
        ("2nd-level (night)", "transfer_to_2nd_level__night_"),
        ("Büro", "transfer_to_b_ro"),
    ],
)
def test_a_handoff_is_named_after_its_agent_in_what_a_tool_name_may_hold(
    agent_name: str, tool_name: str
) -> None:
    assert handoff_tool_name(agent_name) == tool_name


def test_a_handoff_is_a_function_without_arguments() -> None:
    assert as_handoff(BILLING).to_wire() == {
        "type": "function",
        "name": "transfer_to_billing_agent",
        "description": "Handoff to the Billing Agent agent to handle the request. Knows invoices.",
        "parameters": {
            "type": "object",
            "properties": {},
            "required": [],
            "additionalProperties": False,
        },
    }


def test_a_handoff_without_description_has_no_space_at_its_end() -> None:
    assert (
        as_handoff(SALES).to_wire()["description"]
        == "Handoff to the Sales agent to handle the request."
    )


@pytest.mark.parametrize("name", ["transfer_to_billing_agent", "transfer_to_Billing_Agent"])
async def test_a_target_is_found_in_the_spelling_of_either_sdk(name: str) -> None:
    assert await target_of(RECEPTION, name) is BILLING


@pytest.mark.parametrize("name", ["transfer_to_reception", "billing_agent", "look_up", ""])
async def test_other_names_hand_over_to_nobody(name: str) -> None:
    assert await target_of(RECEPTION, name) is None


async def test_an_agent_hands_over_only_to_those_it_names() -> None:
    assert await target_of(SALES, "transfer_to_billing_agent") is None


def test_the_model_is_told_who_took_over() -> None:
    assert handoff_output(BILLING) == '{"assistant":"Billing Agent"}'
    assert json.loads(handoff_output(RealtimeAgent('"Büro"'))) == {"assistant": '"Büro"'}


async def test_a_handoff_may_be_named_and_described_otherwise() -> None:
    handoff = realtime_handoff(BILLING, tool_name="Ask Billing", tool_description="Money.")
    wire = as_handoff(handoff).to_wire()
    assert (wire["name"], wire["description"]) == ("Ask_Billing", "Money.")
    assert await target_of(RealtimeAgent("A", handoffs=[handoff]), "ask_billing") is BILLING


def test_the_model_is_told_what_to_give_along() -> None:
    handoff = realtime_handoff(BILLING, input_type=Reason, on_handoff=lambda *_: None)
    assert handoff.to_wire()["parameters"] == {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "is_urgent": {"type": ["boolean", "null"], "default": False},
        },
        "required": ["text", "is_urgent"],
        "additionalProperties": False,
    }


async def test_a_handoff_without_callback_only_says_who_goes_on() -> None:
    outcome = await realtime_handoff(BILLING).run(CONTEXT, "never mind {")
    assert (outcome.output, outcome.error) == ('{"assistant":"Billing Agent"}', None)


async def test_a_callback_is_told_of_the_call() -> None:
    told: list[ToolContext] = []
    outcome = await realtime_handoff(BILLING, on_handoff=told.append).run(CONTEXT, "{}")
    assert told == [CONTEXT]
    assert not outcome.has_failed


async def test_a_callback_gets_the_input_as_its_type() -> None:
    told: list[object] = []

    async def note(context: ToolContext, reason: Reason) -> None:
        told.extend([context, reason])

    handoff = realtime_handoff(BILLING, input_type=Reason, on_handoff=note)
    outcome = await handoff.run(CONTEXT, '{"text":"bill","is_urgent":null}')
    assert told == [CONTEXT, Reason(text="bill")]
    assert outcome.output == handoff_output(BILLING)


@pytest.mark.parametrize("arguments", ["", "{", "[]", "{}", '{"text":7}'])
async def test_input_that_does_not_fit_is_told_to_the_model_and_the_owner(arguments: str) -> None:
    told: list[object] = []

    def note(context: ToolContext, reason: Reason) -> None:
        told.append(reason)

    handoff = realtime_handoff(BILLING, input_type=Reason, on_handoff=note)
    outcome = await handoff.run(CONTEXT, arguments)
    assert (outcome.output, outcome.has_failed, outcome.is_sent) == (DEFAULT_ERROR, True, True)
    assert outcome.must_respond
    assert isinstance(outcome.error, ToolArgumentsInvalid)
    assert told == []


@pytest.mark.parametrize(
    ("error", "output"),
    [
        (OSError("db3"), DEFAULT_ERROR),
        (SystemExit(1), DEFAULT_ERROR),
        (ToolError("db3", spoken="Billing is closed."), "Billing is closed."),
    ],
)
async def test_a_callback_that_raises_lets_nobody_go_on(error: BaseException, output: str) -> None:
    def fail(context: ToolContext) -> None:
        raise error

    outcome = await realtime_handoff(BILLING, on_handoff=fail).run(CONTEXT, "{}")
    assert (outcome.output, outcome.has_failed) == (output, True)
    assert outcome.error is not None


async def test_a_callback_does_not_keep_the_caller_waiting_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callbacks, "ANSWER_LIMIT_S", 0.01)

    async def hang(context: ToolContext) -> None:
        await asyncio.Event().wait()

    outcome = await realtime_handoff(BILLING, on_handoff=hang).run(CONTEXT, "{}")
    assert isinstance(outcome.error, TimeoutError)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"input_type": Reason}, "transfer_to_billing_agent: input_type needs an on_handoff"),
        ({"input_type": int, "on_handoff": lambda a, b: None}, 'must have type "object"'),
        ({"input_type": Reason, "on_handoff": lambda a: None}, "the context and the input"),
        ({"on_handoff": lambda: None}, "must take the context"),
        ({"on_handoff": lambda a, b: None}, "must take the context"),
        ({"tool_name": ""}, "must have a tool name"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        realtime_handoff(BILLING, **options)


@pytest.mark.parametrize(
    ("is_enabled", "answer"),
    [(True, True), (False, False), (lambda *_: True, True), (lambda *_: None, False)],
)
async def test_a_handoff_is_there_or_not(is_enabled: Any, answer: bool) -> None:
    handoff = realtime_handoff(BILLING, is_enabled=is_enabled)
    assert await handoff.is_enabled_for("the call", RECEPTION) is answer
