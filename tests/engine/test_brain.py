"""What is answered: text commands, rules, and what comes after a tool."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sipagent.engine.brain.brain import Answer, Brain, FunctionCall, Turn
from sipagent.engine.brain.script import Script

SCRIPT = Script.model_validate(
    {
        "slots": {"day": ["monday", "sunday"]},
        "rules": [{"heard": ["goodbye"], "say": "Bye!", "call": "hangup"}],
        "agents": [
            {
                "name": "Reception",
                "greeting": "Reception here.",
                "otherwise": ["Sorry?", "Once more?"],
                "rules": [
                    {"heard": ["who are you"], "say": "A machine."},
                    {
                        "heard": ["what are your opening hours [on $day]"],
                        "call": "opening_hours",
                        "arguments": {"day": "$day", "unit": "hours"},
                        "after": "We are open {output}.",
                    },
                ],
            },
            {"name": "Billing", "greeting": "Billing here.", "otherwise": ["Which invoice?"]},
        ],
    }
)
TOOLS = frozenset({"Opening_Hours", "hangup"})


def typed(text: str) -> Answer:
    return Brain(SCRIPT).answer(Turn(text, is_typed=True))


def spoken(brain: Brain, text: str) -> Answer:
    return brain.answer(Turn(text, tools=TOOLS))


def called(answer: Answer) -> dict[str, Any]:
    """Return the arguments of the one call of an answer."""
    (call,) = answer.calls
    arguments: dict[str, Any] = json.loads(call.arguments)
    return arguments


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("say: Good: morning ", Answer(say="Good: morning")),
        ("SAY:x", Answer(say="x")),
        ('call:find {"n": 1}', Answer(calls=(FunctionCall("find", '{"n": 1}'),))),
        ("call: find", Answer(calls=(FunctionCall("find", "{}"),))),
        (
            'calls:find {"n":1} | hangup | ',
            Answer(calls=(FunctionCall("find", '{"n":1}'), FunctionCall("hangup", "{}"))),
        ),
        ("long: 12", Answer(slow_chunks=12)),
        ("long:1000", Answer(say="echo long:1000")),
        ("long:-1", Answer(say="echo long:-1")),
        ("long:x", Answer(say="echo long:x")),
        ("who were they", Answer(say="echo who were they")),
        ("note: say", Answer(say="echo note: say")),
    ],
)
def test_typed_text_is_a_command_or_comes_back(text: str, answer: Answer) -> None:
    assert typed(text) == answer


def test_typed_text_that_a_rule_fits_is_answered_by_it() -> None:
    assert typed("Who are you?") == Answer(say="A machine.")
    assert Brain().answer(Turn("who are you", is_typed=True)) == Answer(say="echo who are you")


@pytest.mark.parametrize("text", ["say", "call", "calls", "long"])
def test_the_name_of_a_command_alone_comes_back(text: str) -> None:
    assert typed(text) == Answer(say=f"echo {text}")


def test_a_command_that_is_spoken_is_none() -> None:
    assert spoken(Brain(SCRIPT), "say: hello") == Answer(say="Sorry?")


@pytest.mark.parametrize("prefix", ["Say exactly:", "say:", "SAY EXACTLY:"])
def test_instructions_may_fix_the_words_whatever_was_said(prefix: str) -> None:
    turn = Turn("say:no", is_typed=True, outputs=(("x", "y"),), instructions=f"{prefix} Yes. ")
    assert Brain(SCRIPT).answer(turn) == Answer(say="Yes.")


def test_without_a_script_what_is_heard_comes_back() -> None:
    assert Brain().answer(Turn("hello")) == Answer(say="echo hello")


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_script_and_words_the_instructions_are_said(text: str | None) -> None:
    assert Brain().answer(Turn(text, instructions="Greet.")) == Answer(say="Greet.")
    assert Brain().answer(Turn(text)) == Answer(say="Hello.")


def test_who_speaks_first_greets() -> None:
    assert Brain(SCRIPT, "Billing").answer(Turn(None)) == Answer(say="Billing here.")


def test_a_rule_says_what_it_says() -> None:
    assert spoken(Brain(SCRIPT), "who are you") == Answer(say="A machine.")


def test_a_rule_calls_the_tool_under_the_name_the_session_gave_it() -> None:
    answer = spoken(Brain(SCRIPT), "what are your opening hours on sunday")
    assert [call.name for call in answer.calls] == ["Opening_Hours"]
    assert called(answer) == {"day": "sunday", "unit": "hours"}


def test_a_slot_that_was_not_heard_is_left_out() -> None:
    answer = spoken(Brain(SCRIPT), "what are your opening hours")
    assert called(answer) == {"unit": "hours"}


def test_a_rule_whose_tool_is_missing_says_what_it_can() -> None:
    brain = Brain(SCRIPT)
    assert brain.answer(Turn("goodbye")) == Answer(say="Bye!")
    assert brain.answer(Turn("what are your opening hours")) == Answer(say="Sorry?")


def test_what_is_not_understood_gets_one_excuse_after_the_other() -> None:
    brain = Brain(SCRIPT)
    said = [spoken(brain, text).say for text in ("mumble", "", "mumble")]
    assert said == ["Sorry?", "Once more?", "Sorry?"]


def test_being_understood_starts_the_excuses_anew() -> None:
    brain = Brain(SCRIPT)
    said = [spoken(brain, text).say for text in ("mumble", "who are you", "mumble")]
    assert said == ["Sorry?", "A machine.", "Sorry?"]


def test_an_output_is_put_into_the_words_of_its_rule_once() -> None:
    brain = Brain(SCRIPT)
    spoken(brain, "what are your opening hours")
    output = Turn(None, outputs=(("Opening_Hours", "nine to five"),))
    assert brain.answer(output) == Answer(say="We are open nine to five.")
    assert brain.answer(output) == Answer(say="nine to five")


def test_outputs_of_several_calls_are_all_told() -> None:
    turn = Turn(None, outputs=(("find", "red"), ("count", "7")))
    assert Brain().answer(turn) == Answer(say="red 7")


def test_after_a_handoff_the_other_one_greets() -> None:
    brain = Brain(SCRIPT, "Reception")
    brain.become(SCRIPT, "Billing")
    turn = Turn(None, outputs=(("look_up", "7"), ("Transfer_To_billing", "{}")))
    assert brain.answer(turn) == Answer(say="Billing here.")
    assert spoken(brain, "who are you") == Answer(say="Which invoice?")


def test_another_script_is_listened_for_at_once() -> None:
    brain = Brain(SCRIPT)
    spoken(brain, "who are you")
    other = SCRIPT.model_copy(update={"agents": SCRIPT.agents[1:], "rules": ()})
    renamed = other.agents[0].model_copy(update={"name": "Reception"})
    brain.become(other.model_copy(update={"agents": (renamed,)}), "Reception")
    assert spoken(brain, "who are you") == Answer(say="Which invoice?")


def test_the_position_tells_personas_apart() -> None:
    assert [Brain(SCRIPT, name).position for name in ("Reception", "Billing", "?")] == [0, 1, 0]
    assert Brain().position == 0
