"""Playbooks of function calls: what is run, what is answered, when the model goes on."""

from sipagent.agents.tools import ToolOutcome
from sipagent.realtime import events

from .playbook import Playbook, created, done, function_call, output


def test_a_function_call_is_run_at_once_and_told() -> None:
    book = Playbook()
    told = book.hears(created(), function_call("look_up", arguments='{"order":7}'))
    assert told[-1] == events.ToolStarted("call_1", "look_up", '{"order":7}', 2.0)
    call = book.call()
    assert (call.tool.name, call.arguments, call.agent.agent.name) == (
        "look_up",
        '{"order":7}',
        "Reception",
    )
    assert book.sent() == []


def test_a_function_call_that_was_cut_off_is_not_run() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up", status="incomplete"))
    assert book.calls() == []
    assert book.sent() == []


def test_other_items_are_not_run() -> None:
    book = Playbook()
    call = function_call("look_up")
    call["item"]["type"] = "message"
    book.hears(created(), call)
    assert book.calls() == []


def test_an_output_is_sent_and_told_as_soon_as_there_is_one() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up", arguments='{"order":7}'))
    book.ends(book.call(), ToolOutcome("order 7", has_failed=True))
    assert book.sent() == [output("call_1", "order 7")]
    assert book.told() == [
        events.ToolEnded("call_1", "look_up", '{"order":7}', "order 7", True, 3.0, 3.0)
    ]


def test_the_model_goes_on_after_the_response_that_called() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call())
    assert book.sent_types() == ["conversation.item.create"]
    book.hears(done())
    (create,) = book.sent()
    assert (create["type"], create["response"]) == ("response.create", {})


def test_the_model_goes_on_when_a_slow_tool_ends_after_its_response() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"), done())
    assert book.sent() == []
    book.ends(book.call())
    assert book.sent_types() == ["conversation.item.create", "response.create"]


def test_the_model_goes_on_once_when_the_last_of_several_calls_is_answered() -> None:
    book = Playbook()
    calls = [function_call("look_up", f"call_{number}") for number in range(3)]
    book.hears(created(), *calls)
    first, second, third = book.calls()
    book.ends(second)
    book.hears(done())
    book.ends(first)
    assert book.sent() == [
        output("call_1", "output of call_1"),
        output("call_0", "output of call_0"),
    ]
    book.ends(third)
    assert book.sent_types() == ["conversation.item.create", "response.create"]


def test_a_background_result_does_not_ask() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call(), ToolOutcome("later", must_respond=False))
    book.hears(done())
    assert book.sent() == [output("call_1", "later")]


def test_a_background_result_beside_another_does_not_keep_that_one_from_asking() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up", "a"), function_call("look_up", "b"))
    asking, background = book.calls()
    book.ends(asking)
    book.ends(background, ToolOutcome("later", must_respond=False))
    book.hears(done())
    assert book.sent_types()[2:] == ["response.create"]


def test_a_caller_who_cut_the_response_off_asks_himself() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"), done(status="cancelled"))
    book.ends(book.call())
    assert book.sent_types() == ["conversation.item.create"]


def test_a_tool_and_a_text_that_wait_ask_once() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.writes("And another thing.")
    book.ends(book.call())
    book.hears(done())
    assert book.sent_types()[2:] == ["response.create"]
    book.hears(created("resp_2"), done("resp_2"))
    assert book.sent() == []


def test_an_unknown_tool_is_answered_and_the_model_goes_on() -> None:
    book = Playbook()
    book.hears(created(), function_call("fly"))
    assert book.sent() == [output("call_1", "Tool fly not found")]
    assert book.calls() == []
    book.hears(done())
    assert book.sent_types() == ["response.create"]


def test_a_repeated_call_is_answered_from_memory_and_not_run() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call(), ToolOutcome("order 7"))
    book.hears(done())
    book.sent()
    book.hears(created("resp_2"), function_call("look_up", response_id="resp_2"))
    assert book.calls() == []
    assert book.sent() == [output("call_1", "order 7")]


def test_the_model_goes_on_after_an_answer_from_memory() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call())
    book.hears(done(), created("resp_2"), function_call("look_up", response_id="resp_2"))
    book.sent()
    book.hears(done("resp_2"))
    assert book.sent_types() == ["response.create"]


def test_a_background_result_from_memory_does_not_ask_either() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call(), ToolOutcome("later", must_respond=False))
    book.hears(function_call("look_up"), done())
    assert book.sent() == [output("call_1", "later")] * 2


def test_a_call_repeated_while_it_runs_waits_for_its_only_output() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"), function_call("look_up"), done())
    assert book.sent() == []
    book.ends(book.call())
    assert book.sent_types() == ["conversation.item.create", "response.create"]


def test_a_call_of_a_response_that_was_never_announced_is_run() -> None:
    book = Playbook()
    book.hears(function_call("look_up"))
    book.ends(book.call())
    book.hears(done())
    assert book.sent_types() == ["conversation.item.create", "response.create"]


def test_a_response_announced_twice_keeps_its_calls() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"), created(), done())
    book.ends(book.call())
    assert book.sent_types() == ["conversation.item.create", "response.create"]
