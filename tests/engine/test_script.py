"""Scripts, and what is said of broken ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sipagent.engine.brain.script import PHRASES_PER_PATTERN, Script, load_scripts
from sipagent.errors import EngineError

AGENT = """
[[agents]]
name = "Reception"
greeting = "Hello."
otherwise = ["Sorry?"]
"""
RULE = """
[[agents.rules]]
heard = ["{}"]
say = "Yes."
"""


def broken(folder: Path, text: str) -> str:
    """Return what is said of a script ``desk`` of this text, after the name of its file."""
    path = folder / "desk.script.toml"
    path.write_text(text)
    with pytest.raises(EngineError) as caught:
        load_scripts(folder)
    where, _, complaint = str(caught.value).partition(": ")
    assert where == str(path)
    return complaint


def test_scripts_are_told_apart_by_prompt_id(tmp_path: Path) -> None:
    for name in ("day", "night"):
        (tmp_path / f"{name}.script.toml").write_text(AGENT.replace("Hello", name))
    (tmp_path / "day.toml").write_text("a plan, and no script")
    scripts = load_scripts(tmp_path)
    assert {name: script.agents[0].greeting for name, script in scripts.items()} == {
        "day": "day.",
        "night": "night.",
    }


def test_no_folder_is_no_script(tmp_path: Path) -> None:
    assert load_scripts(tmp_path / "nowhere") == {}


def test_toml_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in broken(tmp_path, "\nname = \n[agents")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "desk.script.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(EngineError, match=r"desk\.script\.toml: .*utf-8"):
        load_scripts(tmp_path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    text = AGENT + AGENT.replace('name = "Reception"', "")
    assert broken(tmp_path, text).startswith("agents[1].name: ")


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    assert broken(tmp_path, AGENT + 'mood = "good"').startswith("agents[0].mood: ")


def test_a_script_without_anybody_to_speak_is_refused(tmp_path: Path) -> None:
    assert broken(tmp_path, "agents = []").startswith("agents: ")


def test_a_rule_that_does_nothing_is_named(tmp_path: Path) -> None:
    text = AGENT + RULE.format("yes") + '[[agents.rules]]\nheard = ["no"]'
    assert broken(tmp_path, text) == "agents[0].rules[1]: a rule needs say, call or both"


def test_a_bad_pattern_is_named_with_its_rule(tmp_path: Path) -> None:
    text = AGENT + AGENT + RULE.format("yes") + RULE.format("on $day")
    assert broken(tmp_path, text) == ("agents[1].rules[1].heard: 'on $day': there is no slot 'day'")


def test_a_bad_pattern_for_everybody_is_named(tmp_path: Path) -> None:
    text = RULE.format("(yes").replace("agents.rules", "rules") + AGENT
    assert broken(tmp_path, text) == "rules[0].heard: '(yes': '(' is not closed"


def scripted() -> Script:
    persona = {"greeting": "Hello.", "otherwise": ["Sorry?"]}
    rules = [{"heard": ["what are your hours [on $day]"], "say": "Nine to five."}]
    return Script.model_validate(
        {
            "slots": {"day": ["monday", "tuesday"]},
            "rules": [{"heard": ["goodbye"], "say": "Bye."}],
            "agents": [
                {"name": "Reception", "rules": rules, **persona},
                {"name": "Billing", **persona},
            ],
        }
    )


def test_whoever_is_unknown_is_the_first() -> None:
    script = scripted()
    assert script.agent("Billing").name == "Billing"
    assert script.agent("Nobody").name == "Reception"


def test_everybody_hears_what_is_meant_for_all() -> None:
    script = scripted()
    reception, billing = script.agents
    assert [rule.heard[0] for rule in script.rules_of(billing)] == ["goodbye"]
    assert [rule.say for rule in script.rules_of(reception)] == ["Nine to five.", "Bye."]


def test_a_pattern_is_expected_as_often_however_many_variants_it_has() -> None:
    assert Counter(scripted().phrases) == {
        "goodbye": PHRASES_PER_PATTERN,
        "what are your hours": PHRASES_PER_PATTERN // 3,
        "what are your hours on monday": PHRASES_PER_PATTERN // 3,
        "what are your hours on tuesday": PHRASES_PER_PATTERN // 3,
    }
