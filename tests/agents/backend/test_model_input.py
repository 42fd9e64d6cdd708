"""Filters of what one request tells the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.model import Json
from sipagent.agents.backend.model_input import ModelInput
from sipagent.agents.backend.runner import Runner
from sipagent.agents.tools import function_tool

from .scripted_model import Provider, ScriptedModel, answer, call, message


def ring() -> str:
    """Ring."""
    return "rang"


CLERK = Agent("Clerk", "Be brief.", tools=[function_tool(ring)])


def runner_of(model_filter: Any, *script: Sequence[Json]) -> tuple[Runner, ScriptedModel]:
    model = ScriptedModel(*script)
    return Runner(Provider(model), model="m", call_model_input_filter=model_filter), model


async def test_a_filter_changes_each_request_and_not_the_run() -> None:
    seen: list[tuple[Any, str]] = []

    def last_item(context: Any, agent: Agent, given: ModelInput) -> ModelInput:
        seen.append((context, agent.name))
        given.input[0]["content"] = "spoilt"
        return ModelInput(f"{given.instructions} Now.", given.input[-1:])

    runner, model = runner_of(last_item, [call("ring")], [message("Done")])
    run = await runner.run_to_end(CLERK, [{"role": "user", "content": "Go"}], context="ctx")
    rang = answer("call_ring", "rang")
    assert [request.instructions for request in model.requests] == ["Be brief. Now."] * 2
    assert [request.input for request in model.requests] == [
        ({"role": "user", "content": "spoilt"},),
        (rang,),
    ]
    assert run.history == [{"role": "user", "content": "Go"}, call("ring"), rang, message("Done")]
    assert seen == [("ctx", "Clerk")] * 2


async def test_a_filter_may_be_async_and_leaves_the_rest_of_the_request() -> None:
    async def shout(context: Any, agent: Agent, given: ModelInput) -> ModelInput:
        return replace(given, instructions=given.instructions.upper())

    runner, model = runner_of(shout, [message("Done")])
    await runner.run_to_end(CLERK, "Go")
    [request] = model.requests
    assert (request.instructions, request.model) == ("BE BRIEF.", "m")
    assert [tool["name"] for tool in request.tools] == ["ring"]


async def test_a_filter_that_returns_something_else_fails_the_run() -> None:
    runner, model = runner_of(lambda *_: None)
    with pytest.raises(TypeError, match="must return ModelInput, not NoneType"):
        await runner.run_to_end(CLERK, "Go")
    assert model.requests == []


async def test_what_a_filter_raises_is_the_runs_error() -> None:
    def broken(*_: Any) -> ModelInput:
        raise KeyError("mine")

    runner, _ = runner_of(broken)
    with pytest.raises(KeyError, match="mine"):
        await runner.run_to_end(CLERK, "Go")
