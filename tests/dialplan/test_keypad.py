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
