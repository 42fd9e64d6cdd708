"""Whatever finishes first, and whoever is asked in what order: the model is sent one history."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.model import Json
from sipagent.agents.backend.runner import Runner, RunStream
from sipagent.agents.backend.state import RunState
from sipagent.agents.tools import FunctionTool, function_tool

from .scripted_model import Provider, ScriptedModel, answer, call, message

USER = {"role": "user", "content": "Go"}


@dataclass(frozen=True)
class Plan:
    """What becomes of one call."""

    needs_approval: bool
    is_approved: bool
    ticks: int
    """How long the tool takes."""

    def expected(self, number: int) -> Json:
        is_rejected = self.needs_approval and not self.is_approved
        return answer(f"call_{number}", "No." if is_rejected else f"done {number}")


PLANS = st.lists(st.builds(Plan, st.booleans(), st.booleans(), st.integers(0, 4)), max_size=5)
TURNS = st.lists(PLANS.filter(bool), min_size=1, max_size=3)


@settings(max_examples=150)
@given(turns=TURNS, data=st.data(), is_chained=st.booleans(), is_saved=st.booleans())
def test_the_model_is_sent_the_history_whatever_the_order(
    turns: list[list[Plan]], data: st.DataObject, is_chained: bool, is_saved: bool
) -> None:
    script = [[call(f"tool_{index}", f"call_{index}") for index in range(len(t))] for t in turns]
    model = ScriptedModel(*script, [message("Done")])
    run = asyncio.run(_run(model, turns, data, is_chained, is_saved))

    expected: list[Json] = [USER]
    for plans, calls, request in zip(turns, script, model.requests, strict=False):
        if not is_chained:
            assert list(request.input) == expected
        expected += calls
        expected += [plan.expected(number) for number, plan in enumerate(plans)]
    assert run.history == [*expected, message("Done")]
    last = model.requests[-1].input
    answers = [plan.expected(number) for number, plan in enumerate(turns[-1])]
    assert list(last) == (answers if is_chained else expected)


async def _run(
    model: ScriptedModel,
    turns: list[list[Plan]],
    data: st.DataObject,
    is_chained: bool,
    is_saved: bool,
) -> RunStream:
    runner = Runner(Provider(model), model="m")
    count = max(len(plans) for plans in turns)
    agent = Agent("Clerk", tools=[_tool(number, model, turns) for number in range(count)])
    past = "resp_0" if is_chained else ""
    run = await runner.run_to_end(agent, "Go", previous_response_id=past)
    while run.interruptions:
        state = run.state
        if is_saved:
            state = RunState.from_string(agent, state.to_string())
        decided = data.draw(st.lists(st.sampled_from(state.interruptions), min_size=1))
        for item in decided:
            plan = turns[state.current_turn - 1][int(item.name.removeprefix("tool_"))]
            if plan.is_approved:
                state.approve(item)
            else:
                state.reject(item, message="No.")
        run = await runner.run_to_end(agent, state)
    return run


def _tool(number: int, model: ScriptedModel, turns: list[list[Plan]]) -> FunctionTool:
    def plan() -> Plan:
        return turns[len(model.requests) - 1][number]

    async def act() -> str:
        for _ in range(plan().ticks):
            await asyncio.sleep(0)
        return f"done {number}"

    return function_tool(
        act, name=f"tool_{number}", needs_approval=lambda *_: plan().needs_approval
    )
