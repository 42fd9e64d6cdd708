"""Runs over a conversation that is kept here: what they begin after, and what they add."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.guardrails import InputGuardrail
from sipagent.agents.backend.model import Json
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.session import MemorySession
from sipagent.agents.backend.state import RunState
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.tools import function_tool
from sipagent.errors import (
    ConfigError,
    InputGuardrailTripped,
    JournalError,
    ModelError,
    OutputGuardrailTripped,
    RunStateError,
)

from .scripted_model import Provider, ScriptedModel, answer, call, message, until


def said(text: str) -> Json:
    return {"role": "user", "content": text}


def pay() -> str:
    """Pay."""
    return "paid"


PAID = [call("pay"), answer("call_pay", "paid")]
CLERK = Agent("Clerk", tools=[function_tool(pay, needs_approval=True)])
QUICK = Agent("Clerk", tools=[function_tool(pay)])


def runner_of(*script: Sequence[Json] | Exception, **options: Any) -> tuple[Runner, ScriptedModel]:
    model = ScriptedModel(*script)
    return Runner(Provider(model), model="m", **options), model


class Gated(MemorySession):
    """Lets nobody add before it is told to, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error
        self.gate, self.is_adding = asyncio.Event(), asyncio.Event()

    async def add(self, items: Sequence[Json]) -> None:
        self.is_adding.set()
        if self.error is not None:
            raise self.error
        await self.gate.wait()
        await super().add(items)


class Broken(MemorySession):
    """Cannot be read."""

    async def items(self, limit: int | None = None) -> list[Json]:
        raise JournalError("broken")


async def test_a_session_returns_the_latest_items_oldest_first() -> None:
    session = MemorySession([said("1")])
    await session.add([said("2"), said("3")])
    assert await session.items() == [said("1"), said("2"), said("3")]
    assert await session.items(2) == [said("2"), said("3")]
    assert await session.items(9) == await session.items()
    assert await session.items(0) == []


async def test_a_session_gives_its_latest_item_back_and_forgets_all() -> None:
    session = MemorySession([said("1"), said("2"), said("3")])
    assert await session.pop() == said("3")
    assert await session.items() == [said("1"), said("2")]
    await session.clear()
    assert await session.pop() is None


async def test_what_a_session_holds_is_nobody_elses() -> None:
    given = said("1")
    session = MemorySession()
    await session.add([given])
    given["content"] = "other"
    (await session.items())[0]["content"] = "other"
    assert await session.items() == [said("1")]


async def test_a_run_begins_after_its_sessions_items_and_is_added_whole() -> None:
    runner, model = runner_of([call("pay")], [message("Done")], [message("Bye")])
    session = MemorySession([said("Earlier")])
    run = await runner.run_to_end(QUICK, "Go", session=session)
    whole = [said("Earlier"), said("Go"), *PAID, message("Done")]
    assert list(model.requests[0].input) == whole[:2]
    assert await session.items() == run.history == whole
    await runner.run_to_end(QUICK, "And?", session=session)
    assert list(model.requests[2].input) == [*whole, said("And?")]
    assert await session.items() == [*whole, said("And?"), message("Bye")]


async def test_input_guardrails_are_asked_about_what_is_new() -> None:
    seen: list[Any] = []

    async def note(context: Any, agent: Any, given: Any) -> GuardrailResult:
        seen.append(given)
        return GuardrailResult(False)

    runner, _ = runner_of([message("Done")], input_guardrails=[InputGuardrail("note", note)])
    await runner.run_to_end(CLERK, "Go", session=MemorySession([said("Earlier")]))
    assert seen == ["Go"]


async def test_a_paused_run_adds_nothing_until_it_is_done() -> None:
    runner, model = runner_of([call("pay")], [message("Done")])
    session = MemorySession([said("Earlier")])
    run = await runner.run_to_end(CLERK, "Go", session=session)
    assert await session.items() == [said("Earlier")]
    run.state.approve(run.interruptions[0])
    await runner.run_to_end(CLERK, run.state)
    whole = [said("Earlier"), said("Go"), *PAID, message("Done")]
    assert list(model.requests[1].input) == whole[:-1]
    assert await session.items() == whole


async def test_a_run_goes_on_from_text_with_the_past_it_began_after() -> None:
    runner, model = runner_of([call("pay")], [message("Done")])
    session = MemorySession([said("Earlier")])
    run = await runner.run_to_end(CLERK, "Go", session=session)
    state = RunState.from_string(CLERK, run.state.to_string())
    state.approve(state.interruptions[0])
    await session.add([said("Meanwhile"), message("Yes")])
    await runner.run_to_end(CLERK, state, session=session)
    mine = [said("Go"), *PAID]
    assert list(model.requests[1].input) == [said("Earlier"), *mine]
    meanwhile = [said("Earlier"), said("Meanwhile"), message("Yes")]
    assert await session.items() == [*meanwhile, *mine, message("Done")]


async def test_a_run_from_text_needs_its_session_again() -> None:
    runner, _ = runner_of([call("pay")])
    run = await runner.run_to_end(CLERK, "Go", session=MemorySession())
    state = RunState.from_string(CLERK, run.state.to_string())
    with pytest.raises(ConfigError, match="began over a session"):
        runner.run(CLERK, state)


async def test_a_run_that_began_without_a_session_gets_none() -> None:
    runner, _ = runner_of([call("pay")])
    run = await runner.run_to_end(CLERK, "Go")
    with pytest.raises(ConfigError, match="without a session"):
        runner.run(CLERK, run.state, session=MemorySession())


@pytest.mark.parametrize("past", ["previous_response_id", "conversation_id"])
async def test_a_session_excludes_what_the_endpoint_keeps(past: str) -> None:
    runner, _ = runner_of()
    with pytest.raises(ConfigError, match="not both"):
        runner.run(CLERK, "Go", session=MemorySession(), **{past: "x"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"previous_response_id": ""', '"previous_response_id": "x"', "two pasts"),
        ('"has_session": true', '"has_session": false', "the past of no session"),
    ],
)
async def test_a_saved_run_whose_pasts_exclude_each_other_is_refused(
    old: str, new: str, reason: str
) -> None:
    runner, _ = runner_of([call("pay")])
    run = await runner.run_to_end(CLERK, "Go", session=MemorySession())
    text = run.state.to_string()
    assert old in text
    with pytest.raises(RunStateError, match=reason):
        RunState.from_string(CLERK, text.replace(old, new))


async def test_a_run_that_fails_adds_nothing_and_can_be_gone_on_with() -> None:
    runner, _ = runner_of([call("pay")], ModelError("gone"), [message("Done")])
    session = MemorySession()
    run = runner.run(QUICK, "Go", session=session)
    with pytest.raises(ModelError):
        await run.completed()
    assert await session.items() == []
    await runner.run_to_end(QUICK, run.state)
    assert await session.items() == [said("Go"), *PAID, message("Done")]


async def test_what_a_guardrail_holds_back_is_not_added() -> None:
    async def trip(*_: Any) -> GuardrailResult:
        return GuardrailResult(True)

    session = MemorySession()
    runner, _ = runner_of([message("Bad")], output_guardrails=[OutputGuardrail("trip", trip)])
    with pytest.raises(OutputGuardrailTripped):
        await runner.run_to_end(CLERK, "Go", session=session)
    runner, _ = runner_of([message("Bad")], input_guardrails=[InputGuardrail("trip", trip)])
    with pytest.raises(InputGuardrailTripped):
        await runner.run_to_end(CLERK, "Go", session=session)
    assert await session.items() == []


async def test_a_cancelled_run_adds_nothing_until_it_is_gone_on_with() -> None:
    runner, model = runner_of([message("Never")], [message("Done")])
    session = MemorySession()
    model.hold = asyncio.Event()
    run = runner.run(CLERK, "Go", session=session)
    await model.began.wait()
    run.cancel()
    await run.completed()
    assert await session.items() == []
    model.hold = None
    await runner.run_to_end(CLERK, run.state)
    assert await session.items() == [said("Go"), message("Done")]


async def test_a_run_that_is_being_added_is_not_stopped() -> None:
    runner, _ = runner_of([message("Done")])
    session = Gated()
    run = runner.run(CLERK, "Go", session=session)
    await session.is_adding.wait()
    run.cancel()
    session.gate.set()
    await run.completed()
    assert (run.final_output, run.is_cancelled) == ("Done", False)
    assert await session.items() == [said("Go"), message("Done")]
    with pytest.raises(RunStateError, match="over"):
        runner.run(CLERK, run.state)


async def test_a_run_that_could_not_be_added_is_added_when_it_is_gone_on_with() -> None:
    runner, model = runner_of([message("Done")])
    session = Gated(JournalError("disk full"))
    run = runner.run(CLERK, "Go", session=session)
    with pytest.raises(JournalError, match="disk full"):
        await run.completed()
    assert run.final_output is None
    session.error = None
    session.gate.set()
    run = await runner.run_to_end(CLERK, run.state)
    assert (run.final_output, len(model.requests)) == ("Done", 1)
    assert await session.items() == [said("Go"), message("Done")]


async def test_a_session_that_cannot_be_read_fails_the_run_before_the_model_is_asked() -> None:
    runner, model = runner_of()
    run = runner.run(CLERK, "Go", session=Broken())
    with pytest.raises(JournalError, match="broken"):
        await run.completed()
    assert model.requests == []
    run.state.to_string()


async def test_hooks_hear_of_the_end_when_the_run_is_added() -> None:
    session = MemorySession()
    counts: list[int] = []

    class Hooks(AgentHooks):
        async def on_end(self, context: Any, agent: Any, output: Any) -> None:
            counts.append(len(await session.items()))

    runner, _ = runner_of([message("Done")], hooks=Hooks())
    await runner.run_to_end(CLERK, "Go", session=session)
    assert counts == [2]


async def test_a_second_run_over_a_session_is_refused_while_the_first_goes_on() -> None:
    runner, model = runner_of([message("One")], [message("Other")], [message("Two")])
    session = MemorySession()
    model.hold = asyncio.Event()
    first = runner.run(CLERK, "Go", session=session)
    await model.began.wait()
    with pytest.raises(RunStateError, match="another run is going on over the session"):
        runner.run(CLERK, "Go", session=session)
    other = runner.run(CLERK, "Go", session=MemorySession())
    await until(lambda: len(model.requests) == 2)
    model.hold.set()
    await first.completed()
    await other.completed()
    assert (await runner.run_to_end(CLERK, "Go", session=session)).final_output == "Two"
    assert len(await session.items()) == 4


async def test_a_session_is_free_while_its_run_pauses() -> None:
    runner, _ = runner_of([call("pay")], [message("Between")], [message("Done")])
    session = MemorySession()
    paused = await runner.run_to_end(CLERK, "Go", session=session)
    await runner.run_to_end(CLERK, "And?", session=session)
    paused.state.approve(paused.interruptions[0])
    await runner.run_to_end(CLERK, paused.state)
    between = [said("And?"), message("Between")]
    assert await session.items() == [*between, said("Go"), *PAID, message("Done")]
