"""The dialplans that come with the project."""

from pathlib import Path

import pytest

from sipagent.agents.tools import ToolContext
from sipagent.calls.tools import builtin_tools
from sipagent.calls.transfer_setup import TransferSetup, TransferTarget
from sipagent.dialplan.agents import build_agents
from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.loading import read_dir
from sipagent.dialplan.models import BUILTIN_TOOLS, Refuse
from sipagent.dialplan.plans import PlanSet
from sipagent.engine.brain.brain import Brain, FunctionCall, Turn
from sipagent.engine.brain.script import load_scripts

TRANSFER = TransferSetup({"operator": TransferTarget("tel:1")})
CONTEXT = ToolContext(context=None, tool_call_id="t", agent_name="A")


@pytest.fixture(scope="module")
def plans() -> PlanSet:
    plans, findings = read_dir(Path("dialplans"))
    assert findings == []
    return plans


@pytest.mark.parametrize(
    ("called", "agent"),
    [
        ("front-desk", "Reception"),
        ("+493012345", "Reception"),
        ("", "Reception"),
        ("after-hours", "Night desk"),
        ("night", "Night desk"),
        ("orders", "Order line"),
        ("refunds", "Refund line"),
        ("payments", "Payment line"),
    ],
)
def test_every_call_is_answered(plans: PlanSet, called: str, agent: str) -> None:
    plan = plans.take(CallKeys(called))
    assert plan is not None
    assert build_agents(plan, builtin_tools(TRANSFER, 60.0))[0].name == agent


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("opening_hours", '{"day": "saturday"}', "On Saturday we are open from ten to two."),
        ("opening_hours", '{"day": "Sunday"}', "On Sunday we are closed."),
        ("opening_hours", '{"day": "someday"}', "There is no day called someday."),
        ("opening_hours", '{"day": "today"}', "We are open today from nine, unless it is Sunday."),
        ("opening_hours", "{}", "We are open on weekdays from nine, and on Saturday from ten"),
        ("invoice_status", '{"number": "one two three"}', "Invoice 1 2 3 is paid."),
        ("invoice_status", '{"number": "4-5-6"}', "Invoice 4 5 6 is open"),
        ("invoice_status", '{"number": "9"}', "There is no invoice with the number 9."),
        ("order_status", '{"number": "four five six"}', "Order 4 5 6 is on its way."),
        ("order_status", '{"number": "0"}', "There is no order with the number 0."),
        ("refund", '{"order": "one two three"}', "Order 1 2 3 is refunded: forty euros"),
        ("refund", '{"order": "9"}', "There is no paid order with the number 9."),
    ],
)
async def test_the_tools_answer(plans: PlanSet, name: str, arguments: str, expected: str) -> None:
    tool = next(plan.tools[name] for plan in plans.plans if name in plan.tools)
    outcome = await tool.run(CONTEXT, arguments)
    assert not outcome.has_failed
    assert outcome.output.startswith(expected)


def test_a_fax_is_refused(plans: PlanSet) -> None:
    plan = plans.take(CallKeys("fax-orders"))
    assert plan is not None
    assert plan.dialplan.refuse == Refuse(status=488)


@pytest.mark.parametrize(
    ("pressed", "call"),
    [
        ("1 2 3", FunctionCall("order_status", '{"number": "one two three"}')),
        ("0", FunctionCall("transfer_call", '{"target": "operator"}')),
    ],
)
def test_the_order_line_understands_keys(pressed: str, call: FunctionCall) -> None:
    brain = Brain(load_scripts(Path("dialplans"))["order-line"], "Order line")
    text = f"The caller pressed {pressed} on the keypad."
    tools = frozenset({"order_status", "transfer_call", "hangup"})
    assert brain.answer(Turn(text, is_typed=True, tools=tools)).calls == (call,)


def test_the_refund_line_delegates_and_the_back_office_refunds() -> None:
    script = load_scripts(Path("dialplans"))["refunds"]
    voice = Brain(script, "Refund line")
    keys = "The caller pressed 4 5 6 on the keypad."
    (asked,) = voice.answer(Turn(keys, is_typed=True, tools=frozenset({"delegate"}))).calls
    assert asked == FunctionCall("delegate", '{"request": "four five six"}')
    office = Brain(script, "Back office")
    for request in ("four five six", "Refund for order four five six"):
        answer = office.answer(Turn(request, is_typed=True, tools=frozenset({"refund"})))
        assert answer.calls == (FunctionCall("refund", '{"order": "four five six"}'),)


def test_the_names_reserved_are_those_built_in() -> None:
    assert set(builtin_tools(TRANSFER, 60.0)) == BUILTIN_TOOLS
