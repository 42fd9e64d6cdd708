"""Handoffs as the model sees them."""

import json

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import (
    handoff_output,
    handoff_target,
    handoff_tool,
    handoff_tool_name,
)

BILLING = RealtimeAgent("Billing Agent", handoff_description="Knows invoices.")
SALES = RealtimeAgent("Sales")
RECEPTION = RealtimeAgent("Reception", handoffs=[BILLING, SALES])


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
    assert handoff_tool(BILLING) == {
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
    assert handoff_tool(SALES)["description"] == "Handoff to the Sales agent to handle the request."


@pytest.mark.parametrize("name", ["transfer_to_billing_agent", "transfer_to_Billing_Agent"])
def test_a_target_is_found_in_the_spelling_of_either_sdk(name: str) -> None:
    assert handoff_target(RECEPTION, name) is BILLING


@pytest.mark.parametrize("name", ["transfer_to_reception", "billing_agent", "look_up", ""])
def test_other_names_hand_over_to_nobody(name: str) -> None:
    assert handoff_target(RECEPTION, name) is None


def test_an_agent_hands_over_only_to_those_it_names() -> None:
    assert handoff_target(SALES, "transfer_to_billing_agent") is None


def test_the_model_is_told_who_took_over() -> None:
    assert handoff_output(BILLING) == '{"assistant":"Billing Agent"}'
    assert json.loads(handoff_output(RealtimeAgent('"Büro"'))) == {"assistant": '"Büro"'}
