"""``[keypad]``: what an operator may say of keys, and what is wrong with it."""

from collections.abc import Callable

import pytest

Findings = Callable[[str], list[str]]

HEAD = 'name = "a"\n'
AGENT = '[[agents]]\nname = "Ada"\ninstructions = "Be brief."\n'


def test_how_numbers_end_means_nothing_to_an_agent_that_is_told_none(findings: Findings) -> None:
    table = '[keypad]\ndigits = "none"\nend = "*"\npause_s = 1\ncount = 4\n'
    text = 'warning: means nothing while digits is "none"'
    assert findings(HEAD + table + AGENT) == [
        f"plan.toml:4: keypad.end: {text}",
        f"plan.toml:5: keypad.pause_s: {text}",
        f"plan.toml:6: keypad.count: {text}",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("digits = 'all'", "must be 'message' or 'none'"),
        ("end = '##'", 'must be one key of the keypad, such as "#", or empty'),
        ("end = 'x'", "must be one key"),
        ("pause_s = 0", "must be greater than 0"),
        ("count = 65", "must be less than or equal to 64"),
        ("in_band = 1", "must be true or false"),
    ],
)
def test_a_bad_word_about_keys_is_named(findings: Findings, line: str, expected: str) -> None:
    (finding,) = findings(f"{HEAD}[keypad]\n{line}\n{AGENT}")
    key = line.partition(" ")[0]
    assert finding.startswith(f"plan.toml:3: keypad.{key}: {expected}")


@pytest.mark.parametrize("key", ["", "0", "D", "*"])
def test_any_key_may_end_a_number_or_none(findings: Findings, key: str) -> None:
    assert findings(f'{HEAD}[keypad]\nend = "{key}"\n{AGENT}') == []


def test_keys_mean_nothing_where_nobody_answers(findings: Findings) -> None:
    (finding,) = findings(f"{HEAD}[refuse]\n[keypad]\ncount = 2\n")
    assert finding.endswith("keypad: means nothing: the plan has [refuse]")


COLLECTS = AGENT + 'tools = ["collect_digits"]\n'
FIELD = '[[keypad.fields]]\nname = "pin"\n'


@pytest.mark.parametrize("fields", ["", FIELD + "sensitive = true\nmin_digits = 4\n"])
def test_agents_may_ask_for_any_number_or_for_those_of_the_plan(
    findings: Findings, fields: str
) -> None:
    assert findings(HEAD + fields + COLLECTS) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("min_digits = 5\nmax_digits = 4\n", "4: keypad.fields[0].min_digits: must be at most"),
        ("sensitive = true\n", "2: keypad.fields[0].min_digits: must be 3 or more"),
        ("show_last = 5\n", "4: keypad.fields[0].show_last: must be less than or equal to 4"),
        ("check = 'mod97'\n", "4: keypad.fields[0].check: must be '' or 'luhn'"),
        (FIELD, "5: keypad.fields[1].name: is the name of the number on line 3 already"),
        ("show_last = 2\n", "4: keypad.fields[0].show_last: warning: means nothing: the number"),
        (
            "sensitive = true\nmin_digits = 4\non_speech = 'cancel'\n",
            "6: keypad.fields[0].on_speech: warning: means nothing: nobody hears",
        ),
    ],
)
def test_a_number_nobody_can_key_in_is_named(findings: Findings, lines: str, expected: str) -> None:
    (finding,) = findings(HEAD + FIELD + lines + COLLECTS)
    assert finding.startswith(f"plan.toml:{expected}"), finding


def test_numbers_nobody_asks_for_are_pointed_out(findings: Findings) -> None:
    assert findings(HEAD + FIELD + AGENT) == [
        'plan.toml:2: keypad.fields: warning: no agent has "collect_digits"'
    ]
