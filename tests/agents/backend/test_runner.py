"""Running agents: turns, tools, handoffs, and how a run ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from sipagent.agents.backend.agent import Agent, StopAtTools, ToolResult, ToolsVerdict, handoff
from sipagent.agents.backend.model import Json
from sipagent.agents.backend.options import Answer, ErrorKind
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.state import RunState
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.tool_context import ToolContext
from sipagent.agents.tools import FunctionTool, function_tool
from sipagent.errors import (
    BackendError,
    ConfigError,
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelError,
    ModelRefusalError,
    ToolError,
)

from .scripted_model import Provider, ScriptedModel, answer, call, message, refusal


def weather(city: str) -> str:
    """Tell the weather."""
    return f"rain in {city}"


WEATHER = function_tool(weather)


class Verdict(BaseModel):
    is_fit: bool
    reason: str = "none"


def runner_of(*script: Sequence[Json] | Exception, **options: Any) -> tuple[Runner, ScriptedModel]:
    model = ScriptedModel(*script)
    return Runner(Provider(model), model="m", **options), model


async def test_a_message_is_the_final_output() -> None:
    runner, model = runner_of([message("Hello there")])
    run = await runner.run_to_end(Agent("Clerk", "Be brief."), "Hi")
    assert run.final_output == "Hello there"
    assert run.current_turn == 1
    assert run.last_response_id == "resp_1"
    [request] = model.requests
    assert (request.model, request.instructions) == ("m", "Be brief.")
    assert request.input == ({"role": "user", "content": "Hi"},)


async def test_a_response_without_a_message_is_an_empty_output() -> None:
    runner, _ = runner_of([])
    assert (await runner.run_to_end(Agent("Clerk"), "Hi")).final_output == ""


async def test_a_tool_is_run_and_the_model_asked_again_with_all_items() -> None:
    runner, model = runner_of([call("weather", city="Rome")], [message("Rain.")])
    run = await runner.run_to_end(Agent("Clerk", tools=[WEATHER]), "Weather?")
    assert run.final_output == "Rain."
    said = [{"role": "user", "content": "Weather?"}, call("weather", city="Rome")]
    assert list(model.requests[1].input) == [*said, answer("call_weather", "rain in Rome")]
    assert run.history == [*model.requests[1].input, message("Rain.")]
    assert [item.type for item in run.new_items] == [
        "tool_call_item",
        "tool_call_output_item",
        "message_output_item",
    ]


async def test_tools_of_a_response_run_at_once_and_answers_keep_the_order_of_calls() -> None:
    gate = asyncio.Event()

    async def slow() -> str:
        await gate.wait()
        return "slow"

    async def quick() -> str:
        gate.set()
        return "quick"

    runner, model = runner_of([call("slow"), call("quick")], [message("Done")])
    tools = [function_tool(slow), function_tool(quick)]
    await runner.run_to_end(Agent("Clerk", tools=tools), "Go")
    outputs = [item["output"] for item in model.requests[1].input if "output" in item]
    assert outputs == ["slow", "quick"]


async def test_no_more_tools_run_at_once_than_allowed() -> None:
    running = most = 0

    async def count(number: int) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return str(number)

    calls = [call("count", f"call_{number}", number=number) for number in range(6)]
    runner, _ = runner_of(calls, [message("Done")], max_tool_concurrency=2)
    await runner.run_to_end(Agent("Clerk", tools=[function_tool(count)]), "Go")
    assert most == 2


def test_a_concurrency_of_none_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_tool_concurrency"):
        runner_of(max_tool_concurrency=0)


async def test_a_failing_tool_is_told_to_the_model() -> None:
    def fail() -> str:
        raise ValueError("secret")

    runner, model = runner_of([call("fail")], [message("Sorry")])
    run = await runner.run_to_end(Agent("Clerk", tools=[function_tool(fail)]), "Go")
    assert run.final_output == "Sorry"
    assert "error occurred" in model.requests[1].input[-1]["output"]


async def test_a_tool_that_tells_nothing_of_its_failure_ends_the_run_when_all_are_done() -> None:
    done: list[str] = []

    def fail() -> str:
        raise ValueError("why")

    async def late() -> str:
        for _ in range(20):
            await asyncio.sleep(0)
        done.append("late")
        return "late"

    tools = [function_tool(fail, error_function=None), function_tool(late)]
    runner, model = runner_of([call("fail"), call("late")])
    run = runner.run(Agent("Clerk", tools=tools), "Go")
    with pytest.raises(ToolError, match="tool fail failed") as caught:
        await run.completed()
    assert isinstance(caught.value.__cause__, ValueError)
    assert done == ["late"]
    assert len(model.requests) == 1


async def test_a_call_of_what_there_is_not_ends_the_run() -> None:
    ran: list[str] = []
    tool = function_tool(lambda: ran.append("ring"), name="ring")
    runner, _ = runner_of([call("ring"), call("nothing")])
    with pytest.raises(ModelBehaviorError, match="nothing"):
        await runner.run_to_end(Agent("Clerk", tools=[tool]), "Go")
    assert ran == []


async def test_a_call_of_what_there_is_not_may_be_told_to_the_model() -> None:
    runner, model = runner_of(
        [call("nothing")], [message("Ok")], tool_not_found_behavior="return_error_to_model"
    )
    await runner.run_to_end(Agent("Clerk"), "Go")
    assert model.requests[1].input[-1] == answer("call_nothing", "Tool 'nothing' not found.")


@pytest.mark.parametrize("call_ids", [("a", "a"), ("",)])
async def test_calls_that_cannot_be_told_apart_end_the_run(call_ids: tuple[str, ...]) -> None:
    calls = [call("weather", city="Rome") | {"call_id": each} for each in call_ids]
    runner, _ = runner_of(calls)
    with pytest.raises(ModelBehaviorError, match="call id"):
        await runner.run_to_end(Agent("Clerk", tools=[WEATHER]), "Go")


async def test_a_call_id_may_be_used_again_in_a_later_turn() -> None:
    runner, _ = runner_of(
        [call("weather", "call_0", city="Rome")],
        [call("weather", "call_0", city="Oslo")],
        [message("Done")],
    )
    run = await runner.run_to_end(Agent("Clerk", tools=[WEATHER]), "Go")
    assert [item.output for item in run.new_items if item.type == "tool_call_output_item"] == [
        "rain in Rome",
        "rain in Oslo",
    ]


async def test_the_model_is_asked_no_more_often_than_allowed() -> None:
    calls = [[call("weather", city="Rome")]] * 3
    runner, model = runner_of(*calls)
    run = runner.run(Agent("Clerk", tools=[WEATHER]), "Go", max_turns=2)
    with pytest.raises(MaxTurnsExceeded, match=r"^Max turns \(2\) exceeded$"):
        await run.completed()
    assert len(model.requests) == 2


async def test_turns_may_be_unlimited() -> None:
    calls = [[call("weather", city="Rome")]] * 15
    runner, _ = runner_of(*calls, [message("Done")])
    run = await runner.run_to_end(Agent("Clerk", tools=[WEATHER]), "Go", max_turns=None)
    assert run.current_turn == 16


async def test_less_than_one_turn_is_refused() -> None:
    runner, _ = runner_of()
    with pytest.raises(ConfigError, match="max_turns"):
        runner.run(Agent("Clerk"), "Go", max_turns=0)


async def test_a_structured_output_is_asked_for_and_parsed() -> None:
    runner, model = runner_of([message('{"is_fit": true, "reason": null}')])
    run = await runner.run_to_end(Agent("Judge", output_type=Verdict), "Judge")
    assert run.final_output == Verdict(is_fit=True)
    form = model.requests[0].body(stream=True)["text"]["format"]
    assert (form["type"], form["name"], form["strict"]) == ("json_schema", "output", True)
    assert form["schema"]["required"] == ["is_fit", "reason"]


async def test_an_output_of_another_form_ends_the_run() -> None:
    runner, _ = runner_of([message('{"is_fit": "perhaps-4711"}')])
    with pytest.raises(ModelBehaviorError, match="is_fit") as caught:
        await runner.run_to_end(Agent("Judge", output_type=Verdict), "Judge")
    assert "4711" not in str(caught.value)


async def test_a_refusal_ends_the_run() -> None:
    runner, _ = runner_of([refusal("I will not.")])
    with pytest.raises(ModelRefusalError) as caught:
        await runner.run_to_end(Agent("Judge"), "Judge")
    assert caught.value.refusal == "I will not."


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        ("max_turns", [[call("weather", city="Rome")]]),
        ("model_refusal", [[refusal("No.")]]),
        ("invalid_final_output", [[message("no JSON")]]),
    ],
)
async def test_a_handler_supplies_the_output_in_place_of_an_error(
    kind: ErrorKind, script: list[list[Json]]
) -> None:
    def supply(error: BackendError, state: RunState) -> Answer:
        return Answer((type(error).__name__, state.current_turn))

    runner, _ = runner_of(*script, error_handlers={kind: supply})
    agent = Agent("Judge", tools=[WEATHER], output_type=Verdict)
    run = await runner.run_to_end(agent, "Go", max_turns=1)
    assert run.final_output[1] == 1
    assert run.error is None


async def test_a_handler_that_supplies_nothing_lets_the_error_be() -> None:
    runner, _ = runner_of([refusal("No.")], error_handlers={"model_refusal": lambda *_: None})
    with pytest.raises(ModelRefusalError):
        await runner.run_to_end(Agent("Judge"), "Go")


@pytest.mark.parametrize(
    ("behavior", "output"),
    [
        ("stop_on_first_tool", "first"),
        (StopAtTools(("second",)), "second"),
        (lambda context, results: ToolsVerdict(True, [each.output for each in results]), None),
        ("run_llm_again", "asked"),
        (StopAtTools(("third",)), "asked"),
    ],
)
async def test_tools_may_answer_for_the_agent(behavior: Any, output: str | None) -> None:
    tools = [_named("first"), _named("second")]
    runner, model = runner_of([call("first"), call("second")], [message("asked")])
    agent = Agent("Clerk", tools=tools, tool_use_behavior=behavior)
    run = await runner.run_to_end(agent, "Go")
    assert run.final_output == (output or ["first", "second"])
    assert len(model.requests) == (2 if output == "asked" else 1)
    assert [item["output"] for item in run.history if "output" in item] == ["first", "second"]


async def test_a_function_decides_by_the_results_whether_the_model_goes_on() -> None:
    seen: list[Sequence[ToolResult]] = []

    async def decide(context: Any, results: Sequence[ToolResult]) -> ToolsVerdict:
        seen.append(results)
        return ToolsVerdict(context == "stop")

    runner, _ = runner_of([call("first")], [message("asked")])
    agent = Agent("Clerk", tools=[_named("first")], tool_use_behavior=decide)
    run = await runner.run_to_end(agent, "Go", context="go on")
    assert run.final_output == "asked"
    assert [(each.output, each.tool_call_id) for each in seen[0]] == [("first", "call_first")]


async def test_a_handoff_lets_another_agent_go_on() -> None:
    billing = Agent("Billing", "Bill.", model="other")
    model, other = ScriptedModel([call("transfer_to_billing")]), ScriptedModel([message("Paid.")])
    runner = Runner(Provider(model, other=other), model="m")
    run = await runner.run_to_end(Agent("Reception", handoffs=[billing]), "Pay")
    assert run.final_output == "Paid."
    assert run.current_agent is billing
    assert other.requests[0].instructions == "Bill."
    assert other.requests[0].input[-1]["output"] == '{"assistant":"Billing"}'


async def test_of_several_handoffs_the_first_happens() -> None:
    billing, sales = Agent("Billing"), Agent("Sales")
    runner, model = runner_of(
        [call("transfer_to_sales"), call("transfer_to_billing")], [message("Hello")]
    )
    run = await runner.run_to_end(Agent("Reception", handoffs=[billing, sales]), "Go")
    assert run.current_agent is sales
    assert [item["output"] for item in model.requests[1].input[-2:]] == [
        '{"assistant":"Sales"}',
        "Multiple handoffs detected, ignoring this one.",
    ]


async def test_tools_run_before_a_handoff() -> None:
    order: list[str] = []
    billing = handoff(Agent("Billing"), on_handoff=lambda context: order.append("handoff"))
    tool = function_tool(lambda: order.append("tool"), name="note")
    runner, _ = runner_of([call("transfer_to_billing"), call("note")], [message("Hello")])
    await runner.run_to_end(Agent("Reception", tools=[tool], handoffs=[billing]), "Go")
    assert order == ["tool", "handoff"]


async def test_a_handoff_that_fails_leaves_the_agent_with_the_news() -> None:
    def fail(context: ToolContext) -> None:
        raise ValueError("secret")

    reception = Agent("Reception", handoffs=[handoff(Agent("Billing"), on_handoff=fail)])
    runner, model = runner_of([call("transfer_to_billing")], [message("Sorry")])
    run = await runner.run_to_end(reception, "Go")
    assert run.current_agent is reception
    assert "error occurred" in model.requests[1].input[-1]["output"]


async def test_a_failing_handoff_is_no_final_output() -> None:
    def fail(context: ToolContext) -> None:
        raise ValueError("secret")

    tool = function_tool(lambda: "noted", name="note")
    reception = Agent(
        "Reception",
        tools=[tool],
        handoffs=[handoff(Agent("Billing"), on_handoff=fail)],
        tool_use_behavior="stop_on_first_tool",
    )
    runner, _ = runner_of([call("note"), call("transfer_to_billing")], [message("Sorry")])
    assert (await runner.run_to_end(reception, "Go")).final_output == "Sorry"


async def test_the_model_failing_ends_the_run() -> None:
    runner, _ = runner_of(ModelError("no", status=500))
    run = runner.run(Agent("Clerk"), "Go")
    with pytest.raises(ModelError, match="HTTP 500"):
        await run.completed()
    assert isinstance(run.error, ModelError)
    assert run.final_output is None


async def test_an_agent_without_a_model_is_refused() -> None:
    runner = Runner(Provider(ScriptedModel()))
    with pytest.raises(ConfigError, match="no model"):
        await runner.run_to_end(Agent("Clerk"), "Go")


async def test_an_agent_brings_its_own_model_settings_and_prompt() -> None:
    own = ScriptedModel([message("Hello")])
    agent = Agent("Clerk", model=own, model_settings={"temperature": 0.1}, prompt={"id": "p"})
    runner, model = runner_of(model_settings={"temperature": 1, "store": False})
    await runner.run_to_end(agent, "Go")
    assert model.requests == []
    body = own.requests[0].body(stream=True)
    assert (body["temperature"], body["store"], body["prompt"]) == (0.1, False, {"id": "p"})


async def test_instructions_are_asked_for_each_turn() -> None:
    turns: list[Any] = []

    def instructions(context: Any, agent: Agent) -> str:
        turns.append(context)
        return f"Turn {len(turns)}"

    runner, model = runner_of([call("weather", city="Rome")], [message("Done")])
    agent = Agent("Clerk", instructions, [WEATHER])
    await runner.run_to_end(agent, "Go", context="ours")
    assert [each.instructions for each in model.requests] == ["Turn 1", "Turn 2"]
    assert turns == ["ours", "ours"]


async def test_a_tool_is_told_of_its_call() -> None:
    told: list[ToolContext] = []

    def note(context: ToolContext, text: str) -> str:
        told.append(context)
        return "noted"

    runner, _ = runner_of([call("note", text="x")], [message("Done")])
    agent = Agent("Clerk", tools=[function_tool(note)])
    await runner.run_to_end(agent, "Go", context={"user": 1})
    [context] = told
    assert (context.context, context.tool_call_id, context.agent) == (
        {"user": 1},
        "call_note",
        agent,
    )
    assert context.history[0] == {"role": "user", "content": "Go"}
    assert context.usage == {"input_tokens": 10, "output_tokens": 5}


async def test_hooks_hear_of_the_run() -> None:
    heard: list[str] = []

    class Hooks(AgentHooks):
        async def on_start(self, context: Any, agent: Any) -> None:
            heard.append(f"start {agent.name}")

        async def on_end(self, context: Any, agent: Any, output: Any) -> None:
            heard.append(f"end {agent.name} {output}")
            raise ValueError("a hook's own trouble")

        async def on_handoff(self, context: Any, agent: Any, source: Any) -> None:
            heard.append(f"handoff {source.name} {agent.name}")

        async def on_tool_start(self, context: ToolContext, agent: Any, tool: FunctionTool) -> None:
            heard.append(f"tool {tool.name}")

        async def on_tool_end(
            self, context: ToolContext, agent: Any, tool: FunctionTool, result: str
        ) -> None:
            heard.append(f"tool end {result}")

    hooks = Hooks()
    billing = Agent("Billing", hooks=hooks)
    reception = Agent("Reception", tools=[WEATHER], handoffs=[billing], hooks=hooks)
    runner, _ = runner_of(
        [call("weather", city="Rome")], [call("transfer_to_billing")], [message("Done")]
    )
    await runner.run_to_end(reception, "Go")
    assert heard == [
        "start Reception",
        "tool weather",
        "tool end rain in Rome",
        "handoff Reception Billing",
        "start Billing",
        "end Billing Done",
    ]


async def test_an_endpoint_that_keeps_responses_is_sent_what_is_new() -> None:
    runner, model = runner_of([call("weather", city="Rome")], [message("Rain")])
    agent = Agent("Clerk", tools=[WEATHER])
    run = await runner.run_to_end(agent, "Weather?", previous_response_id="resp_0")
    first, second = model.requests
    assert first.input == ({"role": "user", "content": "Weather?"},)
    assert second.input == (answer("call_weather", "rain in Rome"),)
    assert [each.previous_response_id for each in model.requests] == ["resp_0", "resp_1"]
    assert run.last_response_id == "resp_2"


async def test_a_conversation_at_the_endpoint_is_sent_what_is_new() -> None:
    runner, model = runner_of([call("weather", city="Rome")], [message("Rain")])
    agent = Agent("Clerk", tools=[WEATHER])
    await runner.run_to_end(agent, "Weather?", conversation_id="conv_1")
    assert model.requests[1].input == (answer("call_weather", "rain in Rome"),)
    assert model.requests[1].body(stream=True)["conversation"] == "conv_1"


async def test_two_pasts_are_refused() -> None:
    runner, _ = runner_of()
    with pytest.raises(ConfigError, match="not both"):
        runner.run(Agent("Clerk"), "Hi", previous_response_id="a", conversation_id="b")


def _named(name: str) -> FunctionTool:
    return function_tool(lambda: name, name=name)
