"""What a text agent answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sipagent.engine.brain.brain import FunctionCall
from sipagent.engine.brain.script import Script
from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.responses.input_items import function_call, function_output, message
from sipagent.engine.responses.reply import LONG_WORD_MS, RefusedError, Reply, reply_to
from sipagent.engine.responses.wanted import wanted

SCRIPTS = {
    "desk": Script.model_validate(
        {
            "slots": {"day": ["monday", "sunday"]},
            "agents": [
                {
                    "name": "Reception",
                    "greeting": "Reception here.",
                    "otherwise": ["Sorry?", "Once more?"],
                    "rules": [
                        {
                            "heard": ["what are your opening hours [on $day]"],
                            "call": "opening_hours",
                            "arguments": {"day": "$day"},
                            "after": "We are open {output}.",
                        }
                    ],
                },
                {"name": "Billing", "greeting": "Billing here.", "otherwise": ["Which invoice?"]},
            ],
        }
    )
}
DESK = {"prompt": {"id": "desk"}}
TOOL = {"type": "function", "name": "opening_hours", "parameters": {}}


def reply(*items: Any, **asked: Any) -> Reply:
    """Return what is answered to items, a text being the user's."""
    told = [message("user", each) if isinstance(each, str) else each for each in items]
    body = {"model": "gpt-x", "input": [], **asked}
    return reply_to(told, wanted(body).told, Scripts(SCRIPTS))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello there", "echo Hello there"),
        ("say: Good: morning ", "Good: morning"),
        ('json:{"a":  "x:y"}', '{"a":  "x:y"}'),
        ("json: not JSON", " not JSON"),
        ("slow:0 Soon  enough", "Soon  enough"),
        ("slow:soon", "echo slow:soon"),
    ],
)
def test_a_text_is_answered(text: str, said: str) -> None:
    assert reply(text).text == said


def test_a_tool_is_called_as_told() -> None:
    assert reply('call:find {"n": 1}').calls == (FunctionCall("find", '{"n": 1}'),)
    assert [each.name for each in reply("calls:find {} | count {}").calls] == ["find", "count"]


def test_what_a_tool_says_is_answered() -> None:
    items = ["call:find {}", function_call("c1", "find", "{}"), function_output("c1", "found it")]
    assert reply(*items).text == "found it"


def test_a_tools_words_are_no_command() -> None:
    call = function_call("c1", "find", "{}")
    assert reply("x", call, function_output("c1", "fail:500")).text == "fail:500"


def test_instructions_to_say_something_are_followed() -> None:
    assert reply("Hello", instructions="Say exactly: Good day.").text == "Good day."
    assert reply("Hello", instructions="Be brief.").text == "echo Hello"


def test_words_are_sent_one_by_one_and_none_is_lost() -> None:
    text = 'json:{"a":\n  [1,  2]} \n'
    assert len(reply(text).pieces) == 3
    assert "".join(reply(text).pieces) == text.strip().removeprefix("json:")
    assert reply("say:one two three").pieces == ("one", " two", " three")


def test_a_slow_answer_takes_its_time_in_all() -> None:
    slow = reply("slow:300 one two three")
    assert (slow.pieces, slow.pause_ms) == (("one", " two", " three"), 100)
    assert reply("say:one two three").pause_ms == 0


def test_a_long_answer_is_as_long_as_asked() -> None:
    answer = reply("long:12")
    assert answer.text == "1 2 3 4 5 6 7 8 9 10 11 12"
    assert (len(answer.pieces), answer.pause_ms) == (12, LONG_WORD_MS)


@pytest.mark.parametrize("status", [400, 429, 503, 599])
def test_a_request_is_refused_with_the_status_it_asks_for(status: int) -> None:
    with pytest.raises(RefusedError) as caught:
        reply(f"fail:{status}")
    assert caught.value.status == status


@pytest.mark.parametrize("code", ["server_error", "200", "600"])
def test_a_response_fails_with_the_code_it_asks_for(code: str) -> None:
    assert reply(f"fail: {code}") == Reply(error_code=code)


def test_a_script_answers_by_prompt_and_persona() -> None:
    assert reply(**DESK).text == "Reception here."
    billing = {"id": "desk", "variables": {"agent": "Billing"}}
    assert reply(prompt=billing).text == "Billing here."
    assert reply("Hello", prompt={"id": "nobody"}).text == "echo Hello"


def test_what_a_rule_says_after_its_tool_is_known_from_the_conversation() -> None:
    asked = "what are your opening hours on sunday"
    called = reply(asked, **DESK, tools=[TOOL])
    (call,) = called.calls
    assert (call.name, json.loads(call.arguments)) == ("opening_hours", {"day": "sunday"})
    items = [function_call("c1", call.name, call.arguments), function_output("c1", "ten to two")]
    assert reply(asked, *items, **DESK, tools=[TOOL]).text == "We are open ten to two."


@pytest.mark.parametrize(
    ("choice", "calls"),
    [
        ("none", []),
        ("auto", ["count", "find"]),
        ({"type": "function", "name": "find"}, ["find"]),
        ({"type": "function", "name": "opening_hours"}, ["opening_hours"]),
    ],
)
def test_tools_are_called_as_the_client_lets_them(choice: Any, calls: list[str]) -> None:
    answer = reply("calls:count {} | find {}", tool_choice=choice)
    assert [each.name for each in answer.calls] == calls


def test_one_call_is_made_where_two_may_not() -> None:
    answer = reply("calls:count {} | find {}", parallel_tool_calls=False)
    assert [each.name for each in answer.calls] == ["count"]


def test_a_tool_that_is_required_is_called() -> None:
    assert [each.name for each in reply("x", tools=[TOOL], tool_choice="required").calls] == [
        "opening_hours"
    ]


def test_what_there_are_no_tokens_for_is_not_sent() -> None:
    answer = reply("say:1234567 abcd", max_output_tokens=2)
    assert (answer.text, answer.tokens) == ("1234567", 1)
    assert answer.is_cut
    assert answer.is_text_cut
    assert not reply("say:1234567 abcd", max_output_tokens=3).is_cut


def test_a_call_is_made_whole_or_not_at_all() -> None:
    answer = reply('calls:find {} | count {"n": 123456}', max_output_tokens=3)
    assert [each.name for each in answer.calls] == ["find"]
    assert answer.is_cut
    assert not answer.is_text_cut
