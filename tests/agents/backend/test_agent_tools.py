"""Agents that are tools of another: its questions are theirs, and theirs are its."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.events import RunItemStreamEvent
from sipagent.agents.backend.runner import Runner, RunStream
from sipagent.agents.backend.state import RunState
from sipagent.agents.tool_context import ToolContext
from sipagent.agents.tool_errors import DEFAULT_ERROR
from sipagent.agents.tools import function_tool
from sipagent.errors import RunStateError

from .scripted_model import Provider, Script, ScriptedModel, answer, call, message, until

ASKED = [call("book_keeper", input="Pay Ann")]
DONE = [message("All done")]


class Office:
    """A clerk with a book-keeper, who needs somebody's word to pay."""

    def __init__(self, clerk: list[Script], keeper: list[Script], **options: Any) -> None:
        self.paid: list[str] = []
        self.clerk, self.keeper = ScriptedModel(*clerk), ScriptedModel(*keeper)
        provider = Provider(self.clerk, keeper=self.keeper)
        self.runner = Runner(provider, model="clerk")

        def pay(context: ToolContext, whom: str) -> str:
            self.paid.append(f"{whom} for {context.context}")
            return f"{whom} is paid"

        tool = function_tool(pay, needs_approval=True)
        keeper_agent = Agent("Book keeper", model="keeper", tools=[tool])
        self.agent = Agent("Clerk", tools=[keeper_agent.as_tool("book_keeper", "Pays", **options)])

    async def run(self, given: Any = "Go") -> RunStream:
        context = None if isinstance(given, RunState) else "Bob"
        return await self.runner.run_to_end(self.agent, given, context=context)


async def test_the_agent_is_told_what_to_do_and_its_answer_is_the_tools() -> None:
    office = Office([ASKED, DONE], [[message("Paid.")]])
    run = await office.run()
    (request,) = office.keeper.requests
    assert list(request.input) == [{"role": "user", "content": "Pay Ann"}]
    assert run.history[-2] == answer("call_book_keeper", "Paid.")
    assert (run.final_output, run.current_agent) == ("All done", office.agent)


async def test_its_tokens_are_the_runs() -> None:
    run = await Office([ASKED, DONE], [[message("Paid.")]]).run()
    assert run.state.usage == {"input_tokens": 30, "output_tokens": 15}


async def test_what_it_says_may_be_put_otherwise() -> None:
    office = Office([ASKED, DONE], [[message("Paid.")]], output=lambda said: {"result": said})
    run = await office.run()
    assert run.history[-2] == answer("call_book_keeper", '{"result": "Paid."}')


PAY = [call("pay", whom="Ann")]


async def test_its_question_is_the_outer_runs() -> None:
    office = Office([ASKED, DONE], [PAY, [message("Paid.")]])
    stream = office.runner.run(office.agent, "Go", context="Bob")
    told = [each.name async for each in stream if isinstance(each, RunItemStreamEvent)]
    assert told == ["tool_called", "tool_approval_requested"]
    (item,) = stream.interruptions
    assert (item.agent.name, item.name, json.loads(item.arguments)) == (
        "Book keeper",
        "pay",
        {"whom": "Ann"},
    )
    assert len(office.keeper.requests) == 1


@pytest.mark.parametrize("is_saved", [False, True])
async def test_it_goes_on_where_it_was_once_somebody_said_yes(is_saved: bool) -> None:
    office = Office([ASKED, DONE], [PAY, [message("Paid.")]])
    state = (await office.run()).state
    if is_saved:
        state = RunState.from_string(office.agent, state.to_string())
    state.approve(state.interruptions[0])
    run = await office.run(state)
    assert office.paid == ["Ann for Bob"]
    assert (len(office.keeper.requests), len(office.clerk.requests)) == (2, 2)
    assert run.history[-2] == answer("call_book_keeper", "Paid.")
    assert run.final_output == "All done"
    assert run.state.usage == {"input_tokens": 40, "output_tokens": 20}


async def test_it_is_told_of_a_no() -> None:
    office = Office([ASKED, DONE], [PAY, [message("I may not.")]])
    state = (await office.run()).state
    state.reject(state.interruptions[0], message="Too much.")
    run = await office.run(state)
    assert office.paid == []
    assert office.keeper.requests[1].input[-1] == answer("call_pay", "Too much.")
    assert run.history[-2] == answer("call_book_keeper", "I may not.")


async def test_a_yes_for_good_holds_in_its_later_calls() -> None:
    again = [call("book_keeper", "call_2", input="Pay Eve")]
    pay_eve = [call("pay", "call_eve", whom="Eve")]
    office = Office([ASKED, again, DONE], [PAY, [message("1")], pay_eve, [message("2")]])
    state = (await office.run()).state
    state = RunState.from_string(office.agent, state.to_string())
    state.approve(state.interruptions[0], always_approve=True)
    run = await office.run(state)
    assert office.paid == ["Ann for Bob", "Eve for Bob"]
    assert run.final_output == "All done"


async def test_the_call_itself_may_need_a_word_as_well() -> None:
    office = Office([ASKED, DONE], [PAY, [message("Paid.")]], needs_approval=True)
    state = (await office.run()).state
    assert [item.name for item in state.interruptions] == ["book_keeper"]
    assert office.keeper.requests == []
    state.approve(state.interruptions[0])
    state = (await office.run(state)).state
    assert [item.name for item in state.interruptions] == ["pay"]
    state = RunState.from_string(office.agent, state.to_string())
    state.approve(state.interruptions[0])
    assert (await office.run(state)).final_output == "All done"
    assert office.paid == ["Ann for Bob"]


async def test_of_two_that_ask_one_goes_on_and_the_other_waits() -> None:
    both = [call("book_keeper", "a", input="Pay Ann"), call("book_keeper", "b", input="Pay Eve")]
    pays = [[call("pay", "pay_a", whom="Ann")], [call("pay", "pay_b", whom="Eve")]]
    office = Office([both, DONE], [*pays, [message("1")], [message("2")]])
    state = (await office.run()).state
    first, second = state.interruptions
    state.approve(first)
    state = (await office.run(state)).state
    assert len(office.paid) == 1
    assert [item.call_id for item in state.interruptions] == [second.call_id]
    state.approve(second)
    run = await office.run(state)
    assert run.final_output == "All done"
    assert sorted(office.paid) == ["Ann for Bob", "Eve for Bob"]


async def test_its_failure_is_a_sentence_for_the_one_who_asked() -> None:
    office = Office([ASKED, DONE], [ValueError("secret")])
    run = await office.run()
    assert run.history[-2] == answer("call_book_keeper", DEFAULT_ERROR)
    assert run.final_output == "All done"


@pytest.mark.parametrize("arguments", ["{}", '{"input": 7}', "nonsense"])
async def test_arguments_that_do_not_fit_reach_nobody(arguments: str) -> None:
    asked = ASKED[0] | {"arguments": arguments}
    office = Office([[asked], DONE], [])
    run = await office.run()
    assert office.keeper.requests == []
    assert run.final_output == "All done"


async def test_it_asks_its_model_no_more_often_than_it_may() -> None:
    office = Office([ASKED, DONE], [[call("pay", whom="Ann")]], max_turns=1)
    state = (await office.run()).state
    state.approve(state.interruptions[0])
    run = await office.run(state)
    assert run.history[-2] == answer("call_book_keeper", DEFAULT_ERROR)


async def test_stopping_the_run_stops_it_and_both_go_on_later() -> None:
    office = Office([ASKED, DONE], [[message("Never heard")], [message("Paid.")]])
    held = office.keeper
    held.hold = hold = asyncio.Event()
    stream = office.runner.run(office.agent, "Go", context="Bob")
    await until(held.began.is_set)
    stream.cancel()
    await stream.completed()
    assert (stream.is_cancelled, held.aborted) == (True, 1)
    hold.set()
    run = await office.run(stream.state)
    assert run.history[-2] == answer("call_book_keeper", "Paid.")


async def test_a_saved_run_has_agents_work_on_calls_there_are() -> None:
    office = Office([ASKED, DONE], [PAY])
    saved = json.loads((await office.run()).state.to_string())
    saved["nested"]["other"] = saved["nested"].pop("call_book_keeper")
    with pytest.raises(RunStateError, match="not called"):
        RunState.from_string(office.agent, json.dumps(saved))


async def test_outside_of_a_run_there_is_nobody_to_run_it() -> None:
    tool = Agent("Clerk").as_tool()
    outcome = await tool.run(ToolContext(None, "call_1", "Voice"), '{"input": "Go"}')
    assert (outcome.has_failed, outcome.output) == (True, DEFAULT_ERROR)
