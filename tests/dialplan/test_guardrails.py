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
    return build_agents(plan, {})[0]


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
        ('phrases = ["guaranteed profit", "cannot lose"]', "", "needs phrases, patterns or both"),
        (
            'python = "rules.py:no_digits"',
            'python = "r.py:f"\nphrases = ["a"]',
            "or python; or judge",
        ),
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


GUARDRAIL = """name = "p"
[[agents]]
name = "A"
instructions = "x"
guardrails = ["g"]
[[guardrails]]
name = "g"
"""


@pytest.mark.parametrize(
    ("text", "is_blocked"),
    [
        ("Your card is 4111 1111 1111 1111.", True),
        ("CALL US AT ACME", True),
        ("a phrase", True),
        ("Your order is 4111.", False),
    ],
)
async def test_patterns_and_phrases_are_found(
    write: Write, tmp_path: Path, text: str, is_blocked: bool
) -> None:
    patterns = r"patterns = ['\b(?:\d[ -]?){13,16}\b', '\bacme\b']"
    write("p.toml", f'{GUARDRAIL}{patterns}\nphrases = ["a phrase"]\n')
    (plan,) = load_dir(tmp_path).plans
    assert await tripped(build_agents(plan, {})[0], text) == (["g"] if is_blocked else [])


async def test_no_pattern_takes_forever(write: Write, tmp_path: Path) -> None:
    write("p.toml", f"{GUARDRAIL}patterns = ['(x+x+)+y']\n")
    (plan,) = load_dir(tmp_path).plans
    assert await tripped(build_agents(plan, {})[0], "x" * 50_000) == []


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            "patterns = ['a', '(']",
            "8: guardrails[0].patterns[1]: is no regular expression: missing",
        ),
        (
            "patterns = ['(?!a)b']",
            "8: guardrails[0].patterns[0]: is no regular expression: invalid",
        ),
        ("patterns = ['a*']", "8: guardrails[0].patterns[0]: matches everything"),
        (
            "patterns = ['profit']\ninstead = 'Say exactly: I speak of no profit.'",
            "9: guardrails[0].instead: would be blocked itself",
        ),
        ("[guardrails.judge]\nmodel = 'x'", "8: guardrails[0].judge.instructions: is missing"),
        (
            "[guardrails.judge]\ninstructions = 'x'\napi_key = 'sk-1'",
            '10: guardrails[0].judge.api_key: must be a secret, such as "{{secret:JUDGE_KEY}}"',
        ),
        (
            "[guardrails.judge]\ninstructions = 'x'\napi_key = '{{secret:NONE_SUCH}}'",
            "10: guardrails[0].judge.api_key: there is no secret NONE_SUCH",
        ),
        ("phrases = ['a']\npython = 'r.py:f'", "6: guardrails[0]: needs phrases, patterns or"),
    ],
)
def test_a_guardrail_that_cannot_be_is_named_with_its_line(
    write: Write, tmp_path: Path, rest: str, expected: str
) -> None:
    file = write("p.toml", f"{GUARDRAIL}{rest}\n")
    (finding,) = read_file(file).findings
    assert str(finding).startswith(f"{file}:{expected}")


def test_what_is_said_instead_belongs_to_the_guardrail(write: Write, tmp_path: Path) -> None:
    write("p.toml", f"{GUARDRAIL}phrases = ['a b']\ninstead = 'Offer a person.'\n")
    (plan,) = load_dir(tmp_path).plans
    assert plan.guardrails["g"].instead == "Offer a person."
