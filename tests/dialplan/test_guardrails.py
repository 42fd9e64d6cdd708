"""Guardrails of a plan: what they find, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import run_guardrails
from sipagent.dialplan.agents import build_agents
from sipagent.dialplan.loading import load_dir, read_file

Write = Callable[[str, str], Path]

PLAN = """
name = "p"
[[agents]]
name = "Reception"
instructions = "Receive."
guardrails = ["promises", "digits"]
[[guardrails]]
name = "promises"
phrases = ["guaranteed profit", "cannot lose"]
policy_hint = "we promise nothing"
[[guardrails]]
name = "digits"
python = "rules.py:no_digits"
"""
RULES = """
def no_digits(text):
    found = [each for each in text if each.isdigit()]
    return {"digits": len(found)} if found else None
"""


@pytest.fixture
def reception(write: Write, tmp_path: Path) -> RealtimeAgent:
    write("p.toml", PLAN)
    write("rules.py", RULES)
    (plan,) = load_dir(tmp_path).plans
    return build_agents(plan, {})


async def tripped(agent: RealtimeAgent, text: str) -> list[str]:
    """Return which guardrails stop ``text``."""
    runs = await run_guardrails(agent.output_guardrails, None, agent, text)
    return [run.guardrail.name for run in runs if run.result and run.result.tripwire_triggered]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("This is a guaranteed profit!", ["promises"]),
        ("GUARANTEED,  profit", ["promises"]),
        ("You cannot lose 5.", ["promises", "digits"]),
        ("Your line is 42.", ["digits"]),
        ("You cannot loser.", []),
        ("A profit is not guaranteed.", []),
        ("", []),
    ],
)
async def test_what_must_not_be_said_is_found(
    reception: RealtimeAgent, text: str, names: list[str]
) -> None:
    assert await tripped(reception, text) == names


async def test_the_model_is_told_why_and_what(reception: RealtimeAgent) -> None:
    assert [each.policy_hint for each in reception.output_guardrails] == [
        "we promise nothing",
        "digits",
    ]
    _, digits = await run_guardrails(reception.output_guardrails, None, reception, "a 4 2")
    assert digits.result is not None
    assert digits.result.output_info == {"digits": 2}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"digits"]', '"digit"]', 'there is no guardrail "digit" (did you mean "digits"?)'),
        ('["promises", "digits"]', '["promises", "promises"]', "twice"),
        ('name = "digits"', 'name = "promises"', "is the name of the guardrail on line"),
        ("rules.py:no_digits", "rules.py:none", "rules.py has no function none"),
        ('phrases = ["guaranteed profit", "cannot lose"]', "", "needs phrases or python"),
        ('python = "rules.py:no_digits"', 'python = "r.py:f"\nphrases = ["a"]', "not both"),
    ],
)
def test_what_is_wrong_is_named(
    write: Write, tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    write("rules.py", RULES)
    file = write("p.toml", PLAN.replace(old, new))
    found = [finding.text for finding in read_file(file).findings if finding.is_error]
    assert any(complaint in text for text in found), found


def test_holding_for_checks_that_nobody_makes_is_a_warning(write: Write) -> None:
    plan = PLAN.partition("guardrails")[0] + "[session]\nhold_until_checked = true\n"
    (finding,) = read_file(write("p.toml", plan)).findings
    assert (finding.key, finding.is_error) == ("session.hold_until_checked", False)
