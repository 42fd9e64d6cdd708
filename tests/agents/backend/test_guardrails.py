"""Guardrails of runs: what stops one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.guardrails import InputGuardrail
from sipagent.agents.backend.runner import Runner
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.agents.tools import function_tool
from sipagent.errors import GuardrailFailed, InputGuardrailTripped, OutputGuardrailTripped

from .scripted_model import Provider, ScriptedModel, call, message

FINE = GuardrailResult(False, "fine")
BAD = GuardrailResult(True, {"why": "rude"})


async def test_a_blocking_guardrail_keeps_the_input_from_the_model() -> None:
    model = ScriptedModel([message("Hello")])
    guardrail = InputGuardrail("polite", lambda *_: BAD, run_in_parallel=False)
    run = Runner(Provider(model), model="m").run(Agent("A", input_guardrails=[guardrail]), "Hi")
    with pytest.raises(InputGuardrailTripped, match=r"^Input guardrail triggered: ") as caught:
        await run.completed()
    assert caught.value.output_info == {"why": "rude"}
    assert model.requests == []
    assert [report.output for report in run.input_guardrail_results] == [BAD]


async def test_a_parallel_guardrail_hangs_up_on_the_model() -> None:
    model = ScriptedModel([message("Hello")])
    model.hold = asyncio.Event()

    async def trip(context: Any, agent: Any, given: Any) -> GuardrailResult:
        await model.began.wait()
        return BAD

    agent = Agent("A", input_guardrails=[InputGuardrail("polite", trip)])
    with pytest.raises(InputGuardrailTripped):
        await Runner(Provider(model), model="m").run_to_end(agent, "Hi")
    assert model.aborted == 1


async def test_no_tool_runs_before_all_guardrails_of_the_input_have_answered() -> None:
    ran: list[str] = []
    gate = asyncio.Event()

    async def slow(context: Any, agent: Any, given: Any) -> GuardrailResult:
        await gate.wait()
        return BAD

    model = ScriptedModel([call("ring")])
    agent = Agent(
        "A",
        tools=[function_tool(lambda: ran.append("ring"), name="ring")],
        input_guardrails=[InputGuardrail("polite", slow)],
    )
    run = Runner(Provider(model), model="m").run(agent, "Hi")
    async for event in run:
        assert event.type == "raw_model_stream_event"
        if event.data["type"] == "response_done":
            break
    gate.set()
    with pytest.raises(InputGuardrailTripped):
        await run.completed()
    assert ran == []


@pytest.mark.parametrize("run_in_parallel", [True, False])
async def test_the_input_is_checked_once_by_the_first_agent(run_in_parallel: bool) -> None:
    seen: list[tuple[str, Any]] = []

    def note(context: Any, agent: Any, given: Any) -> GuardrailResult:
        seen.append((agent.name, given))
        return FINE

    guardrail = InputGuardrail("note", note, run_in_parallel)
    billing = Agent("Billing", input_guardrails=[guardrail])
    first = Agent("First", input_guardrails=[guardrail], handoffs=[billing])
    model = ScriptedModel([call("transfer_to_billing")], [message("Hello")])
    run = await Runner(Provider(model), model="m").run_to_end(first, "Hi")
    assert seen == [("First", "Hi")]
    assert [report.agent for report in run.input_guardrail_results] == [first]


async def test_a_run_that_was_cancelled_while_checked_is_checked_again() -> None:
    asked = asyncio.Event()
    checks: list[str] = []

    async def slow(context: Any, agent: Any, given: Any) -> GuardrailResult:
        checks.append(given)
        asked.set()
        if len(checks) == 1:
            await asyncio.Event().wait()
        return BAD

    agent = Agent("A", input_guardrails=[InputGuardrail("polite", slow)])
    runner = Runner(Provider(ScriptedModel([message("Hi")], [message("Hi")])), model="m")
    run = runner.run(agent, "Hi")
    await asked.wait()
    run.cancel()
    await run.completed()
    with pytest.raises(InputGuardrailTripped):
        await runner.run_to_end(agent, run.state)


@pytest.mark.parametrize("run_in_parallel", [True, False])
async def test_a_guardrail_that_raises_ends_the_run(run_in_parallel: bool) -> None:
    def fail(*_: Any) -> GuardrailResult:
        raise ValueError("mine")

    agent = Agent("A", input_guardrails=[InputGuardrail("broken", fail, run_in_parallel)])
    with pytest.raises(GuardrailFailed, match="broken") as caught:
        await Runner(Provider(ScriptedModel([message("Hi")])), model="m").run_to_end(agent, "Hi")
    assert isinstance(caught.value.__cause__, ValueError)


async def test_a_guardrail_that_returns_no_result_ends_the_run() -> None:
    wrong: Any = InputGuardrail("wrong", lambda *_: True)  # type: ignore[arg-type]
    agent = Agent("A", input_guardrails=[wrong])
    with pytest.raises(GuardrailFailed):
        await Runner(Provider(ScriptedModel([message("Hi")])), model="m").run_to_end(agent, "Hi")


async def test_an_output_guardrail_withholds_the_final_output() -> None:
    def check(context: Any, agent: Any, output: Any) -> GuardrailResult:
        return GuardrailResult(output == "Fool" and context == "ours", "rude")

    agent = Agent("A", output_guardrails=[OutputGuardrail("polite", check)])
    run = Runner(Provider(ScriptedModel([message("Fool")])), model="m").run(
        agent, "Hi", context="ours"
    )
    with pytest.raises(OutputGuardrailTripped, match=r'^Output guardrail triggered: "rude"$'):
        await run.completed()
    assert run.final_output is None
    assert [report.guardrail.name for report in run.output_guardrail_results] == ["polite"]


async def test_the_runners_guardrails_check_as_well() -> None:
    model = ScriptedModel([message("Hi")], [message("Hi")])
    first = InputGuardrail("in", lambda *_: FINE)
    runner = Runner(
        Provider(model),
        model="m",
        input_guardrails=[first],
        output_guardrails=[OutputGuardrail("out", lambda *_: FINE)],
    )
    run = await runner.run_to_end(Agent("A"), "Hi")
    assert [report.guardrail for report in run.input_guardrail_results] == [first]
    assert [report.guardrail.name for report in run.output_guardrail_results] == ["out"]
