"""When the model goes on after its function calls."""

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolOutcome
from sipagent.realtime.tool_calls import ToolCalls

from .playbook import resolved

RECEPTION, BILLING = resolved(RealtimeAgent("Reception")), resolved(RealtimeAgent("Billing"))
DONE = ToolOutcome("done")
BACKGROUND = ToolOutcome("later", must_respond=False)


def with_calls(*tool_call_ids: str) -> ToolCalls:
    """Return the count of a response that made these calls."""
    calls = ToolCalls()
    calls.begin("resp_1", RECEPTION)
    for tool_call_id in tool_call_ids:
        calls.started("resp_1", tool_call_id, "f", "{}")
    return calls


def test_a_response_without_calls_owes_nothing() -> None:
    assert not with_calls().response_done("resp_1", was_cancelled=False)


def test_outputs_alone_owe_nothing_before_the_response_is_done() -> None:
    calls = with_calls("a")
    assert not calls.ended("resp_1", "a", DONE)
    assert calls.response_done("resp_1", was_cancelled=False)


def test_a_response_owes_nothing_before_its_last_output() -> None:
    calls = with_calls("a", "b")
    assert not calls.response_done("resp_1", was_cancelled=False)
    assert not calls.ended("resp_1", "b", DONE)
    assert calls.ended("resp_1", "a", DONE)


def test_what_was_owed_is_owed_once() -> None:
    calls = with_calls("a")
    calls.ended("resp_1", "a", DONE)
    assert calls.response_done("resp_1", was_cancelled=False)
    assert not calls.response_done("resp_1", was_cancelled=False)


def test_background_results_owe_nothing() -> None:
    calls = with_calls("a", "b")
    calls.ended("resp_1", "a", BACKGROUND)
    calls.ended("resp_1", "b", BACKGROUND)
    assert not calls.response_done("resp_1", was_cancelled=False)


def test_one_that_asks_is_enough_whatever_the_order() -> None:
    calls = with_calls("a", "b")
    calls.response_done("resp_1", was_cancelled=False)
    calls.ended("resp_1", "a", DONE)
    assert calls.ended("resp_1", "b", BACKGROUND)


def test_a_cancelled_response_owes_nothing() -> None:
    calls = with_calls("a")
    calls.response_done("resp_1", was_cancelled=True)
    assert not calls.ended("resp_1", "a", DONE)


def test_responses_are_counted_apart() -> None:
    calls = with_calls("a")
    calls.response_done("resp_1", was_cancelled=False)
    calls.begin("resp_2", BILLING)
    calls.started("resp_2", "b", "f", "{}")
    calls.ended("resp_2", "b", DONE)
    assert calls.response_done("resp_2", was_cancelled=False)
    assert calls.ended("resp_1", "a", DONE)


def test_a_call_is_known_from_its_start_and_its_outcome_from_its_end() -> None:
    calls = with_calls("a")
    assert calls.is_repeated("a") and not calls.is_repeated("b")
    assert calls.outcome_of("a") is None
    calls.ended("resp_1", "a", BACKGROUND)
    assert calls.outcome_of("a") == BACKGROUND


def test_the_agent_of_a_response_is_the_one_who_spoke_when_it_began() -> None:
    assert with_calls().agent_of("resp_1", BILLING) is RECEPTION


def test_a_response_never_announced_belongs_to_who_speaks() -> None:
    calls = ToolCalls()
    assert calls.agent_of("resp_9", BILLING) is BILLING
    assert calls.agent_of("resp_9", RECEPTION) is BILLING


def test_a_response_hands_off_once() -> None:
    calls = with_calls()
    calls.begin("resp_2", BILLING)
    assert calls.may_hand_off("resp_1")
    assert not calls.may_hand_off("resp_1")
    assert calls.may_hand_off("resp_2")


def test_a_response_announced_again_keeps_what_it_called() -> None:
    calls = with_calls("a")
    calls.begin("resp_1", BILLING)
    assert not calls.response_done("resp_1", was_cancelled=False)
    assert calls.ended("resp_1", "a", DONE)


def test_each_output_is_answered_where_options_say_so() -> None:
    calls = ToolCalls("each")
    calls.begin("resp_1", RECEPTION)
    calls.started("resp_1", "a", "f", "{}")
    calls.started("resp_1", "b", "f", "{}")
    assert calls.ended("resp_1", "a", DONE)
    assert not calls.response_done("resp_1", was_cancelled=False)
    assert not calls.ended("resp_1", "b", BACKGROUND)


def test_a_call_is_the_same_however_its_arguments_are_written() -> None:
    calls = ToolCalls()
    calls.begin("resp_1", RECEPTION)
    calls.started("resp_1", "a", "f", '{"x": 1, "y": 2}')
    assert calls.is_same("a", "f", '{"y":2,"x":1}')
    assert not calls.is_same("a", "f", '{"y":2,"x":3}')
    assert not calls.is_same("a", "g", '{"x": 1, "y": 2}')
