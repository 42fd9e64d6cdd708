"""People in the loop: runs that pause for a decision, are saved, and go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.guardrails import InputGuardrail
from sipagent.agents.backend.items import RunItem
from sipagent.agents.backend.model import Json
from sipagent.agents.backend.runner import Runner, RunStream
from sipagent.agents.backend.state import RunState
from sipagent.agents.guardrails import GuardrailResult
from sipagent.agents.tool_context import ToolContext
from sipagent.agents.tool_guardrails import RejectContent, ToolGuardrail
from sipagent.agents.tools import FunctionTool, function_tool
from sipagent.errors import ConfigError, RunStateError

from .scripted_model import Provider, ScriptedModel, answer, call, message


class Desk:
    """An agent that may pay when it is told so, and ring at any time; what it did."""

    def __init__(self, *script: Sequence[Json], **options: Any) -> None:
        self.did: list[str] = []
        self.model = ScriptedModel(*script)
        self.runner = Runner(Provider(self.model), model="m", **options)
        self.agent = Agent("Clerk", tools=[self._tool("pay", True), self._tool("ring", False)])

    def _tool(self, name: str, needs_approval: bool) -> FunctionTool:
        def act(number: int = 0) -> str:
            self.did.append(f"{name} {number}")
            return f"{name} {number} done"

        return function_tool(act, name=name, needs_approval=needs_approval)

    async def run(self, given: Any = "Go", **options: Any) -> RunStream:
        return await self.runner.run_to_end(self.agent, given, **options)


DONE = [message("Done")]


async def test_a_run_pauses_before_a_call_that_needs_approval() -> None:
    desk = Desk([call("pay", number=1)])
    run = await desk.run()
    [item] = run.interruptions
    assert (item.type, item.agent, item.name) == ("tool_approval_item", desk.agent, "pay")
    assert (item.call_id, json.loads(item.arguments)) == ("call_pay", {"number": 1})
    assert item.raw_item["type"] == "function_call"
    assert (run.final_output, desk.did, run.is_cancelled) == (None, [], False)


async def test_other_tools_of_the_turn_run_before_the_pause() -> None:
    desk = Desk([call("pay"), call("ring")])
    run = await desk.run()
    assert desk.did == ["ring 0"]
    assert run.history[-1] == answer("call_ring", "ring 0 done")


async def test_an_approved_call_runs_before_the_model_is_asked_again() -> None:
    desk = Desk([call("pay"), call("ring")], DONE)
    run = await desk.run()
    run.state.approve(run.interruptions[0])
    assert len(desk.model.requests) == 1
    run = await desk.run(run.state)
    assert desk.did == ["ring 0", "pay 0"]
    assert run.final_output == "Done"
    outputs = [answer("call_pay", "pay 0 done"), answer("call_ring", "ring 0 done")]
    assert list(desk.model.requests[1].input[-2:]) == outputs


async def test_a_resumed_run_tells_no_call_again() -> None:
    desk = Desk([call("pay")], DONE)
    run = await desk.run()
    run.state.approve(run.interruptions[0])
    stream = desk.runner.run(desk.agent, run.state)
    names = [event.name async for event in stream if event.type == "run_item_stream_event"]
    assert names == ["tool_output", "message_output_created"]


async def test_a_rejected_call_does_not_run_and_the_model_is_told() -> None:
    desk = Desk([call("pay")], DONE)
    run = await desk.run()
    run.state.reject(run.interruptions[0])
    run = await desk.run(run.state)
    assert desk.did == []
    rejected = answer("call_pay", "Tool execution was not approved.")
    assert desk.model.requests[1].input[-1] == rejected


@pytest.mark.parametrize("text", ["Too dear.", ""])
async def test_the_message_of_a_rejection_is_told_exactly(text: str) -> None:
    desk = Desk([call("pay")], DONE, tool_error_formatter=lambda details: "formatted")
    run = await desk.run()
    run.state.reject(run.interruptions[0], message=text)
    run = await desk.run(run.state)
    assert desk.model.requests[1].input[-1]["output"] == text


async def test_a_rejection_without_a_message_is_worded_by_the_formatter() -> None:
    def word(details: Any) -> str:
        return f"{details.tool_name} {details.tool_call_id} {details.context}"

    desk = Desk([call("pay")], DONE, tool_error_formatter=word)
    run = await desk.run(context="ours")
    run.state.reject(run.interruptions[0])
    await desk.run(run.state)
    assert desk.model.requests[1].input[-1]["output"] == "pay call_pay ours"


async def test_of_several_calls_those_decided_on_run_and_the_run_pauses_again() -> None:
    desk = Desk([call("pay", "a", number=1), call("pay", "b", number=2)], DONE)
    run = await desk.run()
    first, second = run.interruptions
    run.state.approve(second)
    run = await desk.run(run.state)
    assert desk.did == ["pay 2"]
    assert [item.call_id for item in run.interruptions] == ["a"]
    run.state.approve(first)
    run = await desk.run(run.state)
    assert desk.did == ["pay 2", "pay 1"]
    assert run.final_output == "Done"
    assert len(desk.model.requests) == 2


async def test_a_run_without_a_decision_pauses_where_it_was() -> None:
    desk = Desk([call("pay"), call("ring")])
    run = await desk.run()
    run = await desk.run(run.state)
    assert [item.name for item in run.interruptions] == ["pay"]
    assert desk.did == ["ring 0"]


async def test_a_sticky_approval_holds_for_all_calls_of_the_tool() -> None:
    desk = Desk([call("pay", "a"), call("pay", "b")], [call("pay", "c")], DONE)
    run = await desk.run()
    run.state.approve(run.interruptions[0], always_approve=True)
    run = await desk.run(run.state)
    assert run.final_output == "Done"
    assert len(desk.did) == 3


async def test_a_sticky_rejection_holds_with_its_message() -> None:
    desk = Desk([call("pay", "a")], [call("pay", "b")], DONE)
    run = await desk.run()
    run.state.reject(run.interruptions[0], always_reject=True, message="Never.")
    run = await desk.run(run.state)
    assert desk.did == []
    assert desk.model.requests[2].input[-1] == answer("b", "Never.")


async def test_a_decision_does_not_hold_for_the_same_call_id_in_a_later_turn() -> None:
    desk = Desk([call("pay", "call_0", number=1)], [call("pay", "call_0", number=1000)])
    run = await desk.run()
    run.state.approve(run.interruptions[0])
    run = await desk.run(run.state)
    assert desk.did == ["pay 1"]
    assert [json.loads(item.arguments) for item in run.interruptions] == [{"number": 1000}]


async def test_the_first_decision_on_a_call_counts() -> None:
    desk = Desk([call("pay")], DONE)
    run = await desk.run()
    item = run.interruptions[0]
    run.state.reject(item)
    run.state.approve(item, always_approve=True)
    await desk.run(run.state)
    assert desk.did == []


async def test_a_decision_nobody_asked_for_is_an_error() -> None:
    desk = Desk([call("pay", number=1)])
    run = await desk.run()
    other = RunItem("tool_approval_item", desk.agent, call("pay", number=2))
    for item in (other, RunItem("tool_approval_item", desk.agent, call("ring"))):
        with pytest.raises(RunStateError, match="nobody asked"):
            run.state.approve(item)


async def test_whether_approval_is_needed_may_depend_on_the_arguments() -> None:
    async def dear(context: ToolContext, arguments: Any, call_id: str) -> bool:
        return bool(arguments["number"] > 10)

    desk = Desk([call("pay", "a", number=1), call("pay", "b", number=11)])
    desk.agent.tools[0] = _paying(desk, dear)
    run = await desk.run()
    assert desk.did == ["paid 1"]
    assert [item.call_id for item in run.interruptions] == ["b"]


def _paying(desk: Desk, needs_approval: Any) -> FunctionTool:
    def pay(number: int) -> str:
        desk.did.append(f"paid {number}")
        return "paid"

    return function_tool(pay, needs_approval=needs_approval)


async def test_a_rejection_holds_though_nobody_would_be_asked_any_more() -> None:
    answers = [True, False]
    desk = Desk([call("pay", number=1)], DONE)
    desk.agent.tools[0] = _paying(desk, lambda *_: answers.pop(0))
    run = await desk.run()
    run.state.reject(run.interruptions[0])
    await desk.run(run.state)
    assert desk.did == []


async def test_a_tools_guardrail_may_spare_people_the_question() -> None:
    def object_to(context: ToolContext, arguments: Any) -> RejectContent:
        return RejectContent("Not that.")

    desk = Desk([call("pay")], DONE, pre_approval_input_guardrails=True)
    guardrail = ToolGuardrail("never", object_to)
    desk.agent.tools[0] = function_tool(
        lambda: "paid", name="pay", needs_approval=True, input_guardrails=[guardrail]
    )
    run = await desk.run()
    assert run.interruptions == []
    assert desk.model.requests[1].input[-1] == answer("call_pay", "Not that.")


async def test_a_handoff_waits_for_a_decision_of_the_same_turn() -> None:
    desk = Desk([call("transfer_to_billing"), call("pay")], DONE)
    billing = Agent("Billing")
    desk.agent.handoffs.append(billing)
    run = await desk.run()
    assert run.current_agent is desk.agent
    run.state.approve(run.interruptions[0])
    run = await desk.run(run.state)
    assert run.current_agent is billing
    assert [item["output"] for item in run.history if "output" in item] == [
        '{"assistant":"Billing"}',
        "pay 0 done",
    ]


async def test_a_resumed_run_keeps_its_count_of_turns() -> None:
    desk = Desk([call("pay", "a")], [call("pay", "b")], DONE)
    run = await desk.run(max_turns=3)
    run.state.approve(run.interruptions[0], always_approve=True)
    run = await desk.run(run.state)
    assert (run.current_turn, run.max_turns) == (3, 3)


async def test_a_resumed_run_keeps_its_past_at_the_endpoint() -> None:
    desk = Desk([call("pay")], DONE)
    run = await desk.run(previous_response_id="resp_0")
    state = RunState.from_string(desk.agent, run.state.to_string())
    state.approve(state.interruptions[0])
    await desk.run(state)
    request = desk.model.requests[1]
    assert request.input == (answer("call_pay", "pay 0 done"),)
    assert request.previous_response_id == "resp_1"


async def test_a_state_is_not_given_another_past() -> None:
    desk = Desk([call("pay")])
    run = await desk.run()
    with pytest.raises(ConfigError, match="past"):
        desk.runner.run(desk.agent, run.state, previous_response_id="resp_9")


# Saved and read again.


async def saved(desk: Desk, **options: Any) -> Json:
    run = await desk.run(**options)
    values: Json = json.loads(run.state.to_string())
    return values


async def test_a_saved_run_goes_on_where_it_stood() -> None:
    desk = Desk([call("pay", "a"), call("ring")], DONE)
    run = await desk.run(context={"user": "Ann"})
    state = RunState.from_string(desk.agent, run.state.to_string())
    assert state.context == {"user": "Ann"}
    assert state.history == run.history
    state.approve(state.interruptions[0])
    again = await desk.run(state)
    assert desk.did == ["ring 0", "pay 0"]
    assert (again.final_output, again.current_turn) == ("Done", 2)


async def test_the_input_of_a_saved_run_is_not_checked_again() -> None:
    checked: list[Any] = []

    def check(context: Any, agent: Any, given: Any) -> GuardrailResult:
        checked.append(given)
        return GuardrailResult(False)

    desk = Desk([call("pay")], DONE)
    desk.agent.input_guardrails.append(InputGuardrail("note", check))
    state = RunState.from_string(desk.agent, (await desk.run()).state.to_string())
    state.approve(state.interruptions[0])
    await desk.run(state)
    assert checked == ["Go"]


async def test_decisions_are_saved() -> None:
    desk = Desk([call("pay", "a"), call("pay", "b")], [call("pay", "c")], DONE)
    run = await desk.run()
    run.state.reject(run.interruptions[0], message="Not this one.")
    run.state.approve(run.interruptions[1], always_approve=True)
    again = await desk.run(RunState.from_string(desk.agent, run.state.to_string()))
    assert again.final_output == "Done"
    outputs = [item["output"] for item in again.history if "output" in item]
    assert outputs == ["Not this one.", "pay 0 done", "pay 0 done"]


async def test_agents_are_found_through_handoffs() -> None:
    desk = Desk([call("transfer_to_billing")], [call("pay")], DONE)
    billing = Agent("Billing", tools=desk.agent.tools, handoffs=[desk.agent])
    desk.agent.handoffs.append(billing)
    text = (await desk.run()).state.to_string()
    state = RunState.from_string(desk.agent, text)
    assert state.agent is billing
    assert [item.target for item in state.items if item.type == "handoff_output_item"] == [billing]


async def test_agents_that_are_not_found_are_named() -> None:
    desk = Desk([call("pay")])
    text = (await desk.run()).state.to_string()
    with pytest.raises(RunStateError, match="no agent 'Clerk'"):
        RunState.from_string(Agent("Other"), text)
    with pytest.raises(RunStateError, match="several agent 'Clerk'"):
        RunState.from_string(Agent("Clerk", handoffs=[Agent("Clerk")]), text)


@pytest.mark.parametrize("version", [None, "1.0", "1.2", 1])
async def test_another_version_is_refused(version: Any) -> None:
    desk = Desk([call("pay")])
    values = await saved(desk) | {"$schemaVersion": version}
    with pytest.raises(RunStateError, match=r"version 1\.1"):
        RunState.from_string(desk.agent, json.dumps(values))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_what_is_no_saved_run_is_refused(text: str) -> None:
    with pytest.raises(RunStateError):
        RunState.from_string(Agent("Clerk"), text)


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"max_turns": 0},
        {"current_turn": -1},
        {"turn": {"asked": ["call_other"], "answers": []}},
        {"responses": []},
        {"responses": [{"id": "r", "output": [call("pay"), call("pay")]}]},
        {"previous_response_id": "a", "conversation_id": "b"},
    ],
)
async def test_a_saved_run_that_does_not_fit_together_is_refused(change: Json) -> None:
    desk = Desk([call("pay")])
    with pytest.raises(RunStateError):
        RunState.from_string(desk.agent, json.dumps(await saved(desk) | change))


class Ours(BaseModel):
    key: str = "ours"


@pytest.mark.parametrize("context", [object(), Ours(), {"ours": Ours()}])
async def test_a_context_that_is_no_json_is_refused(context: Any) -> None:
    desk = Desk([call("pay")])
    run = await desk.run(context=context)
    with pytest.raises(RunStateError, match="context cannot be saved as JSON"):
        run.state.to_string()


async def test_a_run_that_is_over_is_not_saved() -> None:
    desk = Desk(DONE)
    run = await desk.run()
    with pytest.raises(RunStateError, match="stopped on its way"):
        run.state.to_string()


async def test_a_context_may_be_replaced() -> None:
    desk = Desk([call("pay")], DONE)
    run = await desk.run(context="old")
    run.state.reject(run.interruptions[0])
    await desk.run(run.state, context="new")
    assert run.state.context == "new"
