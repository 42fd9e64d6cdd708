"""Runs that pause for a person, and go on: here, or somewhere else from a saved text."""

from __future__ import annotations

from sipagent.agents.backend import Runner, RunState, ToolsVerdict, function_tool
from sipagent.agents.backend.transports.provider import Transport

from .reception import on_all, on_responses, over, reception, told
from .relay import Relay

REFUND = 'call:refund {"euros": 7}'
TWO = 'calls:refund {"euros": 7} | refund {"euros": 8}'


@on_all
async def test_a_tool_waits_for_approval_and_the_run_goes_on(runner: Runner, relay: Relay) -> None:
    agent = reception()
    paused = runner.run(agent, REFUND)
    assert await told(paused) == ["tool_called", "tool_approval_requested"]
    (asked,) = paused.interruptions
    assert (asked.name, asked.arguments) == ("refund", '{"euros": 7}')
    assert paused.final_output is None
    paused.state.approve(asked)
    resumed = runner.run(agent, paused.state)
    assert await told(resumed) == ["tool_output", "message_output_created"]
    assert (resumed.final_output, resumed.interruptions) == ("7 euros paid", [])
    assert (resumed.current_turn, len(relay.bodies)) == (2, 2)


@on_all
async def test_a_tool_that_is_rejected_is_not_run(runner: Runner) -> None:
    paused = await runner.run_to_end(reception(), REFUND)
    paused.state.reject(paused.interruptions[0])
    resumed = await runner.run_to_end(reception(), paused.state)
    assert resumed.final_output == "Tool execution was not approved."


@on_all
async def test_a_rejection_has_its_own_words(runner: Runner) -> None:
    paused = await runner.run_to_end(reception(), REFUND)
    paused.state.reject(paused.interruptions[0], message="Over the limit.")
    resumed = await runner.run_to_end(reception(), paused.state)
    assert resumed.final_output == "Over the limit."


@on_all
async def test_those_decided_on_run_and_the_run_pauses_again(runner: Runner, relay: Relay) -> None:
    paused = await runner.run_to_end(reception(), TWO)
    first, second = paused.interruptions
    paused.state.approve(second)
    again = await runner.run_to_end(reception(), paused.state)
    assert [each.call_id for each in again.interruptions] == [first.call_id]
    assert len(relay.bodies) == 1
    again.state.approve(first)
    done = await runner.run_to_end(reception(), again.state)
    assert done.final_output == "7 euros paid 8 euros paid"


@on_all
async def test_a_sticky_decision_holds_for_the_calls_after_it(runner: Runner, relay: Relay) -> None:
    rung = []

    def ring() -> str:
        """Ring the bell."""
        rung.append(len(relay.bodies))
        return "rung"

    agent = reception(
        tools=[function_tool(ring, needs_approval=True)],
        tool_use_behavior=lambda _context, _results: ToolsVerdict(len(rung) == 3, "enough"),
        model_settings={"tool_choice": "required"},
        handoffs=[],
    )
    paused = await runner.run_to_end(agent, "call:ring {}")
    paused.state.approve(paused.interruptions[0], always_approve=True)
    done = await runner.run_to_end(agent, paused.state)
    assert (done.final_output, rung) == ("enough", [1, 2, 3])


@on_all
async def test_a_saved_run_goes_on_elsewhere(relay: Relay, transport: Transport) -> None:
    async with over(relay, transport) as here:
        runner = Runner(here, model="any")
        paused = await runner.run_to_end(reception(), REFUND, context={"caller": "Ada"})
        text = paused.state.to_string()
    agent = reception()
    async with over(relay, transport) as there:
        state = RunState.from_string(agent, text)
        state.approve(state.interruptions[0])
        resumed = await Runner(there, model="any").run_to_end(agent, state)
    assert resumed.final_output == "7 euros paid"
    assert resumed.state.context == {"caller": "Ada"}


@on_all
async def test_a_saved_decision_holds(runner: Runner) -> None:
    paused = await runner.run_to_end(reception(), TWO)
    first, second = paused.interruptions
    paused.state.approve(first)
    paused.state.reject(second, message="Not eight.")
    state = RunState.from_string(reception(), paused.state.to_string())
    resumed = await runner.run_to_end(reception(), state)
    assert resumed.final_output == "7 euros paid Not eight."


@on_responses
async def test_a_saved_run_keeps_its_past_at_the_endpoint(runner: Runner, relay: Relay) -> None:
    first = await runner.run_to_end(reception(), "say:Hello")
    past = first.last_response_id
    paused = await runner.run_to_end(reception(), REFUND, previous_response_id=past)
    state = RunState.from_string(reception(), paused.state.to_string())
    state.approve(state.interruptions[0])
    resumed = await runner.run_to_end(reception(), state)
    assert resumed.final_output == "7 euros paid"
    (sent,) = relay.bodies[-1]["input"]
    assert sent["type"] == "function_call_output"
    assert relay.bodies[-1]["previous_response_id"] == paused.last_response_id
