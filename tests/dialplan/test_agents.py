"""Agents of a plan."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sipagent.agents.handoffs import as_handoff
from sipagent.agents.tools import function_tool
from sipagent.dialplan.agents import build_agents
from sipagent.dialplan.loading import load_dir
from sipagent.dialplan.plans import Plan

Write = Callable[[str, str], Path]

PLAN = """
name = "p"
[session]
script = "p"
prompt_id = "pmpt_1"
[[agents]]
name = "Reception"
instructions = "Receive."
tools = ["f", "hangup"]
handoffs = ["Billing"]
[[agents]]
name = "Billing"
instructions = "Bill."
handoff_description = "Bills."
voice = "cedar"
handoffs = ["Reception"]
[[tools]]
name = "f"
python = "t.py:f"
"""


def hangup() -> str:
    """Hang up."""
    return ""


BUILTINS = {"hangup": function_tool(hangup)}


@pytest.fixture
def plan(write: Write, tmp_path: Path) -> Plan:
    write("p.toml", PLAN)
    write("p.script.toml", "")
    write("t.py", 'def f():\n  "f"')
    (plan,) = load_dir(tmp_path).plans
    return plan


def test_the_first_agent_answers_and_handoffs_may_lead_back(plan: Plan) -> None:
    reception, other = build_agents(plan, BUILTINS)
    assert (reception.name, reception.instructions) == ("Reception", "Receive.")
    assert [tool.name for tool in reception.tools] == ["f", "hangup"]
    billing = as_handoff(reception.handoffs[0]).agent
    assert len(reception.handoffs) == 1
    assert billing is other
    assert (billing.voice, billing.handoff_description) == ("cedar", "Bills.")
    assert billing.handoffs == [reception]


def test_each_call_has_agents_of_its_own(plan: Plan) -> None:
    assert build_agents(plan, BUILTINS)[0] is not build_agents(plan, BUILTINS)[0]


def test_the_embedded_engine_gets_the_script_and_others_the_stored_prompt(plan: Plan) -> None:
    reception, _ = build_agents(plan, BUILTINS, embedded=True)
    assert reception.prompt == {"id": "p", "variables": {"agent": "Reception"}}
    billing = as_handoff(reception.handoffs[0]).agent
    assert billing.prompt == {"id": "p", "variables": {"agent": "Billing"}}
    assert build_agents(plan, BUILTINS)[0].prompt == {"id": "pmpt_1"}


def test_without_script_or_prompt_there_is_none(
    write: Write, tmp_path: Path, minimal: Callable[[str], str]
) -> None:
    write("p.toml", minimal("p"))
    (plan,) = load_dir(tmp_path).plans
    assert build_agents(plan, BUILTINS)[0].prompt is None
    assert build_agents(plan, BUILTINS, embedded=True)[0].prompt is None


def test_beside_is_the_folder_of_the_plan(plan: Plan, tmp_path: Path) -> None:
    assert plan.beside("x.wav") == tmp_path / "x.wav"


def test_each_agent_is_told_its_own_name(write: Write, tmp_path: Path) -> None:
    write("p.toml", PLAN.replace("Receive.", "{{agent}} of {{plan}}").replace("Bill.", "{{agent}}"))
    write("p.script.toml", "")
    write("t.py", 'def f():\n  "f"')
    (plan,) = load_dir(tmp_path).plans
    reception, _ = build_agents(plan, BUILTINS)
    call = SimpleNamespace(words={"plan": "p", "agent": "Reception"})
    told = [each.instructions for each in (reception, as_handoff(reception.handoffs[0]).agent)]
    assert [text(call, reception) for text in told if callable(text)] == [
        "Reception of p",
        "Billing",
    ]
