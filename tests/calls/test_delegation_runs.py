"""Delegations on the runner itself; only the model is the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.model import Json, Model, ModelRequest
from sipagent.agents.backend.runner import Runner
from sipagent.agents.tools import ToolContext, function_tool
from sipagent.calls.delegation import BackendRun, Delegation
from sipagent.calls.delegation_approvals import Approver, Verdict
from sipagent.calls.delegation_text import TOO_SLOW

from .backend import Person, tool_context

REFUND = {"type": "function_call", "call_id": "f1", "name": "refund", "arguments": '{"order":"7"}'}


def message(text: str) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "m", "role": "assistant", "content": content}


class Scripted:
    """A model, and the provider of it, that makes one output after the other."""

    def __init__(self, *outputs: Json) -> None:
        self.outputs = list(outputs)
        self.requests: list[ModelRequest] = []
        self.closed = 0

    def model(self, name: str) -> Model:
        """Return itself."""
        return self

    async def stream(self, request: ModelRequest) -> AsyncIterator[Json]:
        """Make the next output."""
        self.requests.append(request)
        response = {"id": "r", "status": "completed", "output": [self.outputs.pop(0)], "usage": {}}
        yield {"type": "response.completed", "response": response}

    async def close(self) -> None:
        """Note it."""
        self.closed += 1


def delegated(
    model: Scripted, refunded: list[Any], approver: Approver, timeout_s: float = 30.0
) -> Delegation:
    """Return the delegations of a call whose back office refunds."""

    async def refund(context: ToolContext, order: str) -> str:
        """Refund."""
        refunded.append((context.context, order))
        return "Done."

    tool = function_tool(refund, needs_approval=True)
    run = BackendRun(Agent("Back office", tools=[tool], model="m"), Runner(model), model)
    return Delegation("c1", "p", timeout_s=timeout_s, start=lambda: run, approver=approver)


async def test_an_approved_tool_runs_once_with_the_call_for_context() -> None:
    model, person, refunded = Scripted(REFUND, message("Refunded.")), Person(), list[Any]()
    person.verdicts.put_nowait(Verdict(True))
    work = delegated(model, refunded, person)
    assert await work.ask(tool_context(), "Refund order 7.") == "Refunded."
    question = person.questions.get_nowait()
    assert (question.agent, question.tool, question.arguments) == (
        "Back office",
        "refund",
        '{"order":"7"}',
    )
    assert refunded == [("the call", "7")]
    assert model.requests[1].input[-1]["output"] == "Done."
    await work.close()
    assert model.closed == 1


async def test_the_model_is_told_of_a_rejection() -> None:
    model, person, refunded = Scripted(REFUND, message("No.")), Person(), list[Any]()
    person.verdicts.put_nowait(Verdict(False, "Over the limit."))
    assert await delegated(model, refunded, person).ask(tool_context(), "x") == "No."
    assert refunded == []
    assert model.requests[1].input[-1]["output"] == "Over the limit."


async def test_a_model_that_goes_on_calling_is_given_up() -> None:
    model, person, refunded = Scripted(*[REFUND] * 20), Person(), list[Any]()
    for _ in range(20):
        person.verdicts.put_nowait(Verdict(True))
    said = await delegated(model, refunded, person).ask(tool_context(), "x")
    assert said != TOO_SLOW and 1 <= len(model.requests) <= 11
