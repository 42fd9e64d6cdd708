"""Whole plans: names that exist, and mean one thing only."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sipagent.dialplan.models import BUILTIN_TOOLS

Findings = Callable[[str], list[str]]
Write = Callable[[str, str], Path]

TOOLS = '''
def lookup(number: str) -> str:
    """Look up."""
    return number
'''
TOOL = '[[tools]]\nname = "{}"\npython = "tools.py:lookup"\n'


def plan(*tables: str) -> str:
    return 'name = "p"\n' + "".join(tables)


def agent(name: str, *lines: str) -> str:
    return f'[[agents]]\nname = "{name}"\ninstructions = "x"\n' + "".join(f"{x}\n" for x in lines)


@pytest.fixture(autouse=True)
def _tools(write: Write) -> None:
    write("tools.py", TOOLS)


def test_an_unknown_tool_is_named_with_the_one_probably_meant(findings: Findings) -> None:
    tools = agent("A", "tools = [", '"hangup",', '"lokup",', "]")
    assert findings(plan(tools, TOOL.format("lookup"))) == [
        'plan.toml:7: agents[0].tools[1]: there is no tool "lokup" (did you mean "lookup"?);'
        f" known: lookup, {', '.join(sorted(BUILTIN_TOOLS))}",
        'plan.toml:10: tools[0].name: warning: no agent has "lookup"',
    ]


def test_an_unknown_handoff_is_named(findings: Findings) -> None:
    assert findings(plan(agent("A", 'handoffs = ["Biling"]'), agent("Billing"))) == [
        'plan.toml:5: agents[0].handoffs[0]: there is no agent "Biling" (did you mean "Billing"?);'
        " known: A, Billing",
        'plan.toml:7: agents[1].name: warning: no handoff leads to "Billing": it speaks only if an'
        " operator wants it to",
    ]


def test_an_agent_does_not_hand_over_to_itself_or_twice(findings: Findings) -> None:
    text = plan(
        agent("A", 'handoffs = ["A", "B", "B"]', 'tools = ["hangup", "hangup"]'), agent("B")
    )
    assert findings(text) == [
        'plan.toml:5: agents[0].handoffs[0]: "A" cannot hand over to itself',
        'plan.toml:5: agents[0].handoffs[2]: names the agent "B" twice',
        'plan.toml:6: agents[0].tools[1]: names the tool "hangup" twice',
    ]


def test_names_are_given_once(findings: Findings) -> None:
    both = plan(
        agent("A", 'tools = ["lookup"]', 'handoffs = ["B"]'),
        agent("B"),
        agent("A"),
        TOOL.format("lookup"),
        TOOL.format("lookup"),
    )
    assert findings(both) == [
        "plan.toml:11: agents[2].name: is the name of the agent on line 3 already",
        "plan.toml:17: tools[1].name: is the name of the tool on line 14 already",
    ]


def test_two_agents_must_not_be_the_same_handoff(findings: Findings) -> None:
    text = plan(agent("A", 'handoffs = ["My Desk", "my-desk"]'), agent("My Desk"), agent("my-desk"))
    assert findings(text) == [
        'plan.toml:10: agents[2].name: and "My Desk" would both be the tool transfer_to_my_desk;'
        " choose another name"
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hangup", '"hangup" is built in; choose another name'),
        ("Transfer_to_B", '"Transfer_to_B" is the handoff to agent "B"; choose another name'),
    ],
)
def test_a_tool_must_not_take_the_name_of_another_thing(
    findings: Findings, name: str, expected: str
) -> None:
    first = agent("A", f'tools = ["{name}"]', 'handoffs = ["B"]')
    assert findings(plan(first, agent("B"), TOOL.format(name))) == [
        f"plan.toml:11: tools[0].name: {expected}"
    ]


def test_an_agent_needs_instructions_or_a_stored_prompt(findings: Findings) -> None:
    bare = '[[agents]]\nname = "A"\n'
    assert findings(plan(bare)) == [
        'plan.toml:2: agents[0].instructions: agent "A" has no instructions (and there is no'
        " session.prompt_id)"
    ]
    assert findings(plan('[session]\nprompt_id = "pmpt_1"\n', bare)) == []


def test_agents_reached_through_others_do_speak(findings: Findings) -> None:
    circle = plan(
        agent("A", 'handoffs = ["B"]'),
        agent("B", 'handoffs = ["C"]'),
        agent("C", 'handoffs = ["A"]'),
    )
    assert findings(circle) == []


def test_turn_detection_keys_must_fit_their_type(findings: Findings) -> None:
    table = '[session.turn_detection]\ntype = "semantic_vad"\nthreshold = 0.5\n'
    assert findings(plan(table, agent("A"))) == [
        'plan.toml:4: session.turn_detection.threshold: means nothing to type "semantic_vad";'
        " allowed: eagerness, type"
    ]


def test_a_confirmation_without_barge_in_is_pointed_out(findings: Findings) -> None:
    table = "[session]\nbarge_in = false\nbarge_in_confirm_ms = 200\n"
    assert findings(plan(table, agent("A"))) == [
        "plan.toml:4: session.barge_in_confirm_ms: warning: means nothing while barge_in is false"
    ]


def test_files_that_are_named_must_exist(findings: Findings, write: Write) -> None:
    write("front.script.toml", "")
    write("noise.wav", "RIFFnot")
    lines = '[session]\nscript = "frnt"\napology_wav = "none.wav"\n'
    assert findings(plan(lines, agent("A"))) == [
        'plan.toml:3: session.script: there is no file frnt.script.toml (did you mean "front"?)',
        "plan.toml:4: session.apology_wav: none.wav cannot be used: No such file or directory",
    ]
    (found,) = findings(plan('[session]\napology_wav = "noise.wav"\n', agent("A")))
    assert "is not a WAV file" in found


def test_a_filler_that_cannot_be_played_is_named(findings: Findings) -> None:
    assert findings(plan('[session]\nfiller_wav = "none.wav"\n', agent("A"))) == [
        "plan.toml:3: session.filler_wav: none.wav cannot be used: No such file or directory"
    ]


def test_a_filler_of_a_plan_that_does_not_reconnect_means_nothing(findings: Findings) -> None:
    lines = '[session]\nreconnect = 0\nreconnect_within_s = 2\nfiller = "Hold on."\n'
    text = "warning: means nothing while reconnect is 0"
    assert sorted(findings(plan(lines, agent("A")))) == [
        f"plan.toml:4: session.reconnect_within_s: {text}",
        f"plan.toml:5: session.filler: {text}",
    ]
