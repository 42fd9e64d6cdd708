"""Reading a run: the order of events, its end, and stopping it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from sipagent.agents.backend.agent import Agent, handoff
from sipagent.agents.backend.events import (
    AgentUpdatedStreamEvent,
    RawModelStreamEvent,
    RunEvent,
    RunItemStreamEvent,
)
from sipagent.agents.backend.model import Json
from sipagent.agents.backend.runner import Runner, RunStream
from sipagent.agents.tool_context import ToolContext
from sipagent.agents.tools import function_tool
from sipagent.errors import ModelError, RunStateError

from .scripted_model import Provider, ScriptedModel, call, message, until


def runner_of(*script: Sequence[Json] | Exception, **options: Any) -> tuple[Runner, ScriptedModel]:
    model = ScriptedModel(*script)
    return Runner(Provider(model), model="m", **options), model


def told(event: RunEvent) -> str:
    match event:
        case RawModelStreamEvent(data={"type": "model"}):
            return "model"
        case RawModelStreamEvent(data=data):
            return str(data["type"])
        case RunItemStreamEvent(name=name):
            return name
        case AgentUpdatedStreamEvent(agent=agent):
            return f"agent {agent.name}"


async def order_of(run: RunStream) -> list[str]:
    """Return what was told, the endpoint's own events left out."""
    return [name async for event in run if (name := told(event)) != "model"]


RAW_CALLS = ["response_started", "response_done"]
RAW_TEXT = ["response_started", "output_text_delta", "response_done"]
RING = function_tool(lambda: "rang", name="ring")
ASKED = function_tool(lambda: "paid", name="pay", needs_approval=True)


async def test_a_tool_turn_is_told_in_order() -> None:
    runner, _ = runner_of([{"type": "reasoning"}, call("ring")], [message("Done")])
    names = await order_of(runner.run(Agent("Clerk", tools=[RING]), "Go"))
    items = ["reasoning_item_created", "tool_called", "tool_output"]
    assert names == [*RAW_CALLS, *items, *RAW_TEXT, "message_output_created"]


async def test_a_handoff_is_told_in_order() -> None:
    runner, _ = runner_of([call("transfer_to_billing")], [message("Done")])
    run = runner.run(Agent("Reception", handoffs=[Agent("Billing")]), "Go")
    handed = ["handoff_requested", "handoff_occurred", "agent Billing"]
    assert await order_of(run) == [*RAW_CALLS, *handed, *RAW_TEXT, "message_output_created"]


async def test_an_approval_is_told_last() -> None:
    runner, _ = runner_of([call("pay")])
    names = await order_of(runner.run(Agent("Clerk", tools=[ASKED]), "Go"))
    assert names == [*RAW_CALLS, "tool_called", "tool_approval_requested"]


async def test_every_event_of_the_endpoint_is_told_as_it_came() -> None:
    runner, _ = runner_of([message("a b")])
    events = [event async for event in runner.run(Agent("Clerk"), "Go")]
    raw = [event.data for event in events if isinstance(event, RawModelStreamEvent)]
    assert [data["event"]["type"] for data in raw if data["type"] == "model"] == [
        "response.created",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.completed",
    ]
    assert [data["delta"] for data in raw if data["type"] == "output_text_delta"] == ["a", "b"]
    [done] = [data["response"] for data in raw if data["type"] == "response_done"]
    assert done["id"] == "resp_1"
    assert done["output"] == [message("a b")]
    assert done["usage"]["input_tokens"] == 10


async def test_events_name_their_kind() -> None:
    runner, _ = runner_of([call("transfer_to_billing")], [message("Done")])
    run = runner.run(Agent("Reception", handoffs=[Agent("Billing")]), "Go")
    assert {event.type async for event in run} == {
        "raw_model_stream_event",
        "run_item_stream_event",
        "agent_updated_stream_event",
    }


async def test_what_the_endpoint_ran_itself_is_told_and_not_run() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    runner, _ = runner_of([search, {"type": "compaction", "id": "c"}, message("Found")])
    run = runner.run(Agent("Clerk"), "Go")
    names = await order_of(run)
    assert names[-2:] == ["tool_called", "message_output_created"]
    assert run.final_output == "Found"
    assert run.history[1] == search


async def test_a_run_ends_though_nobody_reads_it() -> None:
    runner, _ = runner_of([message(" ".join("word" for _ in range(5000)))])
    run = runner.run(Agent("Clerk"), "Go")
    await run.completed()
    assert len([event async for event in run]) > 10_000


async def test_events_have_one_reader() -> None:
    runner, _ = runner_of([message("Hello")])
    run = runner.run(Agent("Clerk"), "Go")
    iter_once = aiter(run)
    with pytest.raises(RuntimeError, match="one reader"):
        aiter(run)
    assert [event async for event in iter_once]


async def test_an_error_comes_after_the_events_before_it() -> None:
    runner, _ = runner_of([call("ring")], ModelError("gone"))
    run = runner.run(Agent("Clerk", tools=[RING]), "Go")
    names = []
    with pytest.raises(ModelError, match="gone"):
        async for event in run:
            names.append(told(event))
    assert names[-3:] == ["tool_output", "model", "response_started"]
    assert isinstance(run.error, ModelError)


async def test_the_text_of_all_turns_can_be_read_alone() -> None:
    runner, _ = runner_of([message("One moment"), call("ring")], [message("Done")])
    run = runner.run(Agent("Clerk", tools=[RING]), "Go")
    assert [text async for text in run.text()] == ["One", "moment", "Done"]


async def test_the_text_can_be_written_somewhere() -> None:
    written: list[str] = []

    class Writer:
        async def write(self, text: str, /) -> None:
            written.append(text)

    runner, _ = runner_of([message("Hello there")])
    await runner.run(Agent("Clerk"), "Go").pipe_to(Writer())
    assert written == ["Hello", "there"]


async def test_nothing_is_final_before_the_end() -> None:
    runner, model = runner_of([message("Hello")])
    model.hold = asyncio.Event()
    run = runner.run(Agent("Clerk"), "Go")
    await model.began.wait()
    assert (run.final_output, run.is_over, run.interruptions) == (None, False, [])
    assert (run.current_turn, run.current_agent.name) == (1, "Clerk")
    model.hold.set()
    await run.completed()
    assert run.final_output == "Hello"


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ({"type": "response.failed", "response": {"error": {"message": "busy"}}}, "busy"),
        (
            {
                "type": "response.incomplete",
                "response": {"incomplete_details": {"reason": "max_output_tokens"}},
            },
            "max_output_tokens",
        ),
        ({"type": "error", "message": "down", "code": "server_error"}, "down"),
        ({"type": "error", "error": {"message": "down"}}, "down"),
        ({"type": "response.in_progress"}, "before it was complete"),
    ],
)
async def test_a_response_that_is_not_completed_ends_the_run(last: Json, text: str) -> None:
    class Broken(ScriptedModel):
        async def stream(self, request: Any) -> Any:
            yield last

    runner = Runner(Provider(Broken()), model="m")
    with pytest.raises(ModelError, match=text):
        await runner.run_to_end(Agent("Clerk"), "Go")


async def test_cancelling_at_once_aborts_the_request_and_drops_events() -> None:
    runner, model = runner_of([message("Hello")])
    model.hold = asyncio.Event()
    run = runner.run(Agent("Clerk"), "Go")
    await model.began.wait()
    run.cancel()
    assert [event async for event in run] == []
    await run.completed()
    assert (run.is_cancelled, run.final_output, run.error) == (True, None, None)
    assert model.aborted == 1


async def test_a_run_cancelled_before_it_began_ends() -> None:
    runner, model = runner_of([message("Hello")])
    run = runner.run(Agent("Clerk"), "Go")
    run.cancel()
    await run.completed()
    assert run.is_cancelled
    assert model.requests == []


async def test_a_cancelled_run_goes_on_from_its_state() -> None:
    runner, model = runner_of([message("Lost")], [message("Hello")])
    model.hold = asyncio.Event()
    run = runner.run(Agent("Clerk"), "Go")
    await model.began.wait()
    run.cancel()
    await run.completed()
    model.hold = None
    again = await runner.run_to_end(Agent("Clerk"), run.state)
    assert again.final_output == "Hello"
    assert again.history == [{"role": "user", "content": "Go"}, message("Hello")]


async def test_tools_that_run_finish_when_a_run_is_cancelled_and_no_other_begins() -> None:
    started, gate = asyncio.Event(), asyncio.Event()
    ran: list[str] = []

    async def slow(context: ToolContext) -> str:
        started.set()
        await gate.wait()
        ran.append(f"slow, cancelled: {context.is_cancelled}")
        return "slow"

    next_tool = function_tool(lambda: ran.append("next"), name="next")
    runner, model = runner_of(
        [call("slow"), call("next")], [message("Done")], max_tool_concurrency=1
    )
    agent = Agent("Clerk", tools=[function_tool(slow), next_tool])
    run = runner.run(agent, "Go")
    await started.wait()
    run.cancel()
    assert not run.is_over
    gate.set()
    await run.completed()
    assert ran == ["slow, cancelled: True"]
    assert len(model.requests) == 1
    await runner.run_to_end(agent, run.state)
    assert ran == ["slow, cancelled: True", "next"]


async def test_an_error_of_a_tool_is_no_error_of_a_cancelled_run() -> None:
    started, gate = asyncio.Event(), asyncio.Event()

    async def fail() -> str:
        started.set()
        await gate.wait()
        raise ValueError("late")

    runner, _ = runner_of([call("fail")])
    tool = function_tool(fail, error_function=None)
    run = runner.run(Agent("Clerk", tools=[tool]), "Go")
    await started.wait()
    run.cancel()
    gate.set()
    await run.completed()
    assert run.is_cancelled


async def test_cancelling_after_the_turn_lets_its_tools_answer() -> None:
    runner, model = runner_of([call("ring")], [message("Done")])
    model.hold = asyncio.Event()
    agent = Agent("Clerk", tools=[RING])
    run = runner.run(agent, "Go")
    await model.began.wait()
    run.cancel("after_turn")
    model.hold.set()
    names = await order_of(run)
    await run.completed()
    assert names[-1] == "tool_output"
    assert run.is_cancelled
    assert len(model.requests) == 1
    assert (await runner.run_to_end(agent, run.state)).final_output == "Done"


async def test_a_run_that_ended_by_itself_was_not_cancelled() -> None:
    runner, model = runner_of([message("Done")])
    model.hold = asyncio.Event()
    run = runner.run(Agent("Clerk"), "Go")
    await model.began.wait()
    run.cancel("after_turn")
    model.hold.set()
    await run.completed()
    run.cancel()
    assert (run.final_output, run.is_cancelled) == ("Done", False)


async def test_whoever_waits_for_the_end_cancels_the_run_with_himself() -> None:
    runner, model = runner_of([message("Done")])
    model.hold = asyncio.Event()
    loop = asyncio.get_running_loop()
    waiting = loop.create_task(runner.run_to_end(Agent("Clerk"), "Go"), name="waiting")
    await model.began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(lambda: model.aborted == 1)


async def test_cancelling_one_who_waits_does_not_cancel_the_run() -> None:
    runner, model = runner_of([message("Done")])
    model.hold = asyncio.Event()
    run = runner.run(Agent("Clerk"), "Go")
    waiting = asyncio.get_running_loop().create_task(run.completed(), name="waiting")
    await model.began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    model.hold.set()
    await run.completed()
    assert run.final_output == "Done"


async def test_a_state_has_one_run_at_a_time() -> None:
    runner, model = runner_of([message("Done")])
    model.hold = asyncio.Event()
    agent = Agent("Clerk")
    run = runner.run(agent, "Go")
    with pytest.raises(RunStateError, match="going on"):
        runner.run(agent, run.state)
    model.hold.set()
    await run.completed()
    with pytest.raises(RunStateError, match="over"):
        runner.run(agent, run.state)


async def test_a_handoff_in_progress_is_cancelled_at_once() -> None:
    started = asyncio.Event()

    async def wait(context: ToolContext) -> None:
        started.set()
        await asyncio.Event().wait()

    reception = Agent("Reception", handoffs=[handoff(Agent("Billing"), on_handoff=wait)])
    runner, _ = runner_of([call("transfer_to_billing")])
    run = runner.run(reception, "Go")
    await started.wait()
    run.cancel()
    await run.completed()
    assert run.current_agent is reception


async def test_instructions_that_fail_end_the_run() -> None:
    def fail(context: Any, agent: Agent) -> str:
        raise ValueError("mine")

    runner, _ = runner_of()
    with pytest.raises(ValueError, match="mine"):
        await runner.run_to_end(Agent("Clerk", fail), "Go")


class Events:
    """Events that have to be closed, since nobody else does it."""

    def __init__(self) -> None:
        self.closed = 0

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> Json:
        return {"type": "response.completed", "response": {"id": "r", "output": []}}

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_models_events_are_closed_when_its_response_is_complete() -> None:
    events = Events()

    class Closing(ScriptedModel):
        def stream(self, request: Any) -> Any:
            return events

    await Runner(Provider(Closing()), model="m").run_to_end(Agent("Clerk"), "Go")
    assert events.closed == 1


async def test_a_run_whose_task_is_cancelled_by_others_was_cancelled() -> None:
    runner, model = runner_of([message("Done")])
    model.hold = asyncio.Event()
    run = runner.run(Agent("Clerk"), "Go")
    await model.began.wait()
    [task] = [task for task in asyncio.all_tasks() if task.get_name() == "run Clerk"]
    task.cancel()
    await run.completed()
    assert (run.is_cancelled, run.error) == (True, None)
