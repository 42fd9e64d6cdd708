"""How runs end before their answer: by a limit, a guardrail, their owner, or the endpoint."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sipagent.agents.backend import (
    GuardrailResult,
    InputGuardrail,
    InputGuardrailTripped,
    MaxTurnsExceeded,
    ModelError,
    OutputGuardrail,
    OutputGuardrailTripped,
    RunItemStreamEvent,
    Runner,
)
from sipagent.agents.backend.transports.provider import Transport

from .reception import on_all, over, reception
from .relay import Relay

SUNDAY = 'call:opening_hours {"day": "sunday"}'
LONG = "long:200"


def no_money(_context: Any, _agent: Any, text: Any) -> GuardrailResult:
    """Object to money."""
    return GuardrailResult("money" in str(text))


async def still_works(runner: Runner) -> bool:
    """Tell whether the next run has an answer."""
    return bool((await runner.run_to_end(reception(), "say:Hi")).final_output == "Hi")


@on_all
async def test_the_model_is_asked_no_more_often_than_allowed(runner: Runner, relay: Relay) -> None:
    agent = reception(model_settings={"tool_choice": "required"}, handoffs=[])
    with pytest.raises(MaxTurnsExceeded):
        await runner.run_to_end(agent, SUNDAY, max_turns=3)
    assert len(relay.bodies) == 3


@on_all
async def test_what_may_not_go_in_does_not(runner: Runner, relay: Relay) -> None:
    guardrail = InputGuardrail("money", no_money, run_in_parallel=False)
    with pytest.raises(InputGuardrailTripped):
        await runner.run_to_end(reception(input_guardrails=[guardrail]), "say:money")
    assert relay.bodies == []


@on_all
async def test_what_may_not_go_in_is_hung_up_on(runner: Runner, relay: Relay) -> None:
    has_begun = asyncio.Event()

    async def look(context: Any, agent: Any, text: Any) -> GuardrailResult:
        await has_begun.wait()
        return GuardrailResult(True)

    agent = reception(input_guardrails=[InputGuardrail("late", look)])
    stream = runner.run(agent, LONG)
    with pytest.raises(InputGuardrailTripped):
        async for _ in stream.text():
            has_begun.set()
    await relay.was_left()
    assert await still_works(runner)


@on_all
async def test_what_may_not_come_out_does_not(runner: Runner) -> None:
    agent = reception(output_guardrails=[OutputGuardrail("money", no_money)])
    run = runner.run(agent, "say:money")
    with pytest.raises(OutputGuardrailTripped):
        await run.completed()
    assert run.final_output is None
    assert [each.guardrail.name for each in run.output_guardrail_results] == ["money"]


@on_all
async def test_a_run_is_cancelled_in_the_middle_and_goes_on(runner: Runner, relay: Relay) -> None:
    stream = runner.run(reception(), "slow:1500 one two three")
    parts = []
    async for part in stream.text():
        parts.append(part)
        stream.cancel()
    await stream.completed()
    assert parts == ["one"]
    assert (stream.is_cancelled, stream.error, stream.final_output) == (True, None, None)
    await relay.was_left()
    resumed = await runner.run_to_end(reception(), stream.state)
    assert resumed.final_output == "one two three"


@on_all
async def test_a_run_is_cancelled_after_its_turn_and_goes_on(runner: Runner, relay: Relay) -> None:
    stream = runner.run(reception(), SUNDAY)
    async for event in stream:
        if isinstance(event, RunItemStreamEvent) and event.name == "tool_called":
            stream.cancel("after_turn")
    assert (stream.is_cancelled, stream.current_turn) == (True, 1)
    assert stream.new_items[-1].output == "ten to two on sunday"
    resumed = await runner.run_to_end(reception(), stream.state)
    assert resumed.final_output == "ten to two on sunday"
    assert len(relay.bodies) == 2


@on_all
async def test_a_response_that_fails_fails_the_run_and_no_other(
    runner: Runner, relay: Relay
) -> None:
    with pytest.raises(ModelError, match="failed"):
        await runner.run_to_end(reception(), "fail:server_error")
    assert await still_works(runner)


@on_all
async def test_a_request_that_is_refused_is_told_with_its_status(
    runner: Runner, relay: Relay
) -> None:
    with pytest.raises(ModelError) as caught:
        await runner.run_to_end(reception(), "fail:400")
    assert (caught.value.status, len(relay.bodies)) == (400, 1)
    assert await still_works(runner)


@pytest.mark.parametrize(("transport", "attempts"), [("http", 3), ("chat", 3), ("websocket", 1)])
async def test_an_endpoint_that_stays_busy_is_given_up(
    runner: Runner, relay: Relay, attempts: int
) -> None:
    with pytest.raises(ModelError) as caught:
        await runner.run_to_end(reception(), "fail:503")
    assert (caught.value.status, len(relay.bodies)) == (503, attempts)
    assert await still_works(runner)


@pytest.mark.parametrize("transport", ["http", "chat"])
async def test_an_endpoint_that_is_busy_once_is_asked_again(runner: Runner, relay: Relay) -> None:
    relay.refusals = 1
    assert await still_works(runner)
    assert relay.bodies[0] == relay.bodies[1]


@pytest.mark.parametrize("transport", ["http", "chat"])
async def test_a_run_that_failed_goes_on(relay: Relay, transport: Transport) -> None:
    async with over(relay, transport, max_retries=0) as provider:
        runner = Runner(provider, model="any")
        relay.refusals = 1
        stream = runner.run(reception(), "say:Hi")
        with pytest.raises(ModelError):
            await stream.completed()
        assert (stream.final_output, stream.is_cancelled) == (None, False)
        resumed = await runner.run_to_end(reception(), stream.state)
        assert resumed.final_output == "Hi"


@on_all
async def test_a_slow_answer_is_cut_by_the_time_limit(relay: Relay, transport: Transport) -> None:
    async with over(relay, transport, timeout_s=1.0) as provider:
        runner = Runner(provider, model="any")
        with pytest.raises(ModelError, match="too long"):
            await runner.run_to_end(reception(), LONG)
        await relay.was_left()
        assert await still_works(runner)


@pytest.mark.parametrize("transport", ["http", "websocket"])
async def test_an_answer_that_is_cut_short_is_an_error(runner: Runner) -> None:
    agent = reception(model_settings={"max_output_tokens": 16})
    with pytest.raises(ModelError) as caught:
        await runner.run_to_end(agent, "say:" + "word " * 100)
    assert caught.value.code == "max_output_tokens"
