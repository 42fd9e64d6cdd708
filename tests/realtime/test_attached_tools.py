"""Tools of a call that is attached to again: what runs goes on, and what was cut off is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import function_tool
from sipagent.realtime import events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.conversation_events import (
    HistoryUpdated,
    ToolApprovalRequested,
)
from sipagent.realtime.core import SessionCore
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.history_items import FunctionCall
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.rotation import RotationSettings
from sipagent.realtime.session import RealtimeSession
from sipagent.realtime.tool_desk import INTERRUPTED
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint

from .attached import ATTACHED, attached, successor
from .joined import told, told_to_the_end
from .outage import hurried, taken_in, tasks
from .playbook import Playbook, Wire, created, done, error, function_call, output
from .test_succession_tools import Digging

__all__ = ["hurried"]

RUNNING: Wire = {
    "item_id": "f1",
    "type": "function_call",
    "call_id": "call_1",
    "status": "in_progress",
    "name": "look_up",
    "arguments": "{}",
    "output": None,
}
ENDED: Wire = {**RUNNING, "item_id": "f2", "call_id": "call_2", "output": "sent"}


def messages(core: SessionCore) -> list[Wire]:
    return [json.loads(message) for message in core.out.take_messages()]


def types(core: SessionCore) -> list[str]:
    return [message["type"] for message in messages(core)]


def confirmed(tool_call_id: str) -> Wire:
    """The endpoint has the output of a call."""
    item = {"id": "o", "type": "function_call_output", "call_id": tool_call_id, "output": ""}
    return {"type": "conversation.item.added", "item": item}


def is_output(message: Wire, tool_call_id: str, text: str) -> bool:
    """Tell whether a message is the output of a call, whatever its ids."""
    wanted = output(tool_call_id, text)
    is_item = message.get("item", {}).items() >= wanted["item"].items()
    return bool(is_item and message["type"] == wanted["type"])


def resumed(book: Playbook) -> SessionCore:
    """Return the core that is attached again, its first message heard, and in use."""
    before, core = book.core, successor(book)
    core.receive(json.dumps(ATTACHED), now=book.now)
    core.resume(before)
    book.core = core
    return core


# A response that calls want.


def test_a_tool_that_runs_answers_over_the_connection_in_use() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    call = book.call()
    old = book.core
    core = resumed(book)
    assert messages(core) == []
    book.ends(call)
    answer, response = messages(core)
    assert is_output(answer, "call_1", "output of call_1")
    assert response["type"] == "response.create"
    assert old.out.take_messages() == []


def test_a_call_whose_response_ended_unheard_still_lets_the_model_go_on() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"))
    call = book.call()
    core = resumed(book)
    book.ends(call)
    assert types(core) == ["conversation.item.create", "response.create"]


def test_an_answer_given_before_the_loss_lets_the_model_go_on_after_it() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"))
    book.ends(book.call())
    assert book.sent_types() == ["conversation.item.create"]
    book.hears(confirmed("call_1"))
    core = resumed(book)
    assert types(core) == ["response.create"]
    book.hears(done(), created("resp_2"), done("resp_2"))
    assert messages(core) == []


def test_a_response_that_goes_on_comes_first() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"))
    book.ends(book.call())
    core = resumed(book)
    (asked,) = [each for each in messages(core) if each["type"] == "response.create"]
    active = "conversation_already_has_active_response"
    book.hears(error(active, event_id=asked["event_id"]))
    assert messages(core) == []
    book.hears(done())
    assert types(core) == ["response.create"]


def test_a_call_that_was_answered_is_not_answered_again() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    book.ends(book.call())
    _, response = book.sent()
    assert response["type"] == "response.create"
    book.hears(confirmed("call_1"), created("resp_2"))
    assert messages(resumed(book)) == []


def test_an_answer_that_nobody_confirmed_is_sent_again_under_the_same_id() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    book.ends(book.call())
    first, _ = book.sent()
    core = resumed(book)
    (again,) = messages(core)
    assert again["item"] == first["item"]
    assert len(again["item"]["id"]) <= 32
    book.hears(confirmed("call_1"))
    assert types(core) == ["response.create"]
    book.hears(confirmed("call_1"))
    assert messages(core) == []


def test_an_answer_is_sent_until_it_is_confirmed() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    book.ends(book.call())
    resumed(book)
    core = resumed(book)
    assert types(core) == ["conversation.item.create"]
    book.hears(confirmed("call_1"))
    assert types(core) == ["response.create"]


def test_a_response_that_has_begun_is_not_asked_for_again() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    book.ends(book.call())
    book.hears(created("resp_2"))
    core = resumed(book)
    assert types(core) == ["conversation.item.create"]
    book.hears(confirmed("call_1"), done("resp_2"))
    assert messages(core) == []


def test_what_was_asked_for_is_not_asked_for_again_if_nothing_else_was_lost() -> None:
    book = attached()
    book.hears(ATTACHED)
    book.wants_response()
    assert messages(resumed(book)) == []


def test_that_an_answer_was_there_before_it_was_sent_again_is_no_news() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    book.ends(book.call())
    book.told()
    core = resumed(book)
    (again,) = messages(core)
    book.told()
    assert book.hears_all(error("invalid_value", event_id=again["event_id"])) == []
    assert messages(core) == []
    (told_of,) = book.hears_all(error("invalid_value", event_id="another"))
    assert isinstance(told_of, events.SessionErrorReported)


def test_an_answer_has_an_id_only_where_it_may_be_sent_again() -> None:
    book = Playbook()
    book.hears(created(), function_call("look_up"))
    book.ends(book.call())
    assert book.sent() == [output("call_1", "output of call_1")]


def test_a_call_that_is_made_again_is_answered_with_another_item() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"), done())
    book.ends(book.call())
    first, _ = book.sent()
    book.hears(created("resp_2"), function_call("look_up", response_id="resp_2"))
    (second,) = book.sent()
    assert first["item"]["output"] == second["item"]["output"]
    assert "id" in first["item"]
    assert "id" not in second["item"]


def test_responses_that_waited_are_asked_for_and_automatic_ones_once() -> None:
    book = attached()
    book.hears(ATTACHED, created(), function_call("look_up"))
    book.wants_response()
    book.wants_response("Say goodbye.")
    book.ends(book.call())
    core = resumed(book)
    asked = messages(core)[1:]
    for response_id in ("resp_2", "resp_3"):
        book.hears(created(response_id), done(response_id))
        asked += messages(core)
    wanted = [each.get("response", {}).get("instructions") for each in asked]
    assert wanted == [None, "Say goodbye."]


# A process that is gone.


def test_calls_without_an_output_are_answered_after_a_restart() -> None:
    book = attached(history=[RUNNING, ENDED], is_accepted=False)
    update, answer, response = book.opening
    assert update["type"] == "session.update"
    assert is_output(answer, "call_1", INTERRUPTED)
    assert response["type"] == "response.create"
    (call, _) = book.core.history.items
    assert isinstance(call, FunctionCall)
    assert call.output == INTERRUPTED


@pytest.mark.parametrize("history", [[], [ENDED], [{**RUNNING, "call_id": ""}]])
def test_a_history_without_such_calls_asks_for_nothing(history: list[Wire]) -> None:
    book = attached(history=history, is_accepted=False)
    assert [each["type"] for each in book.opening] == ["session.update"]


def test_a_call_that_is_accepted_now_is_not_answered() -> None:
    assert attached(history=[RUNNING]).opening == []


def test_a_call_answered_after_a_restart_is_not_answered_again_when_attached_again() -> None:
    book = attached(history=[RUNNING], is_accepted=False)
    book.hears(ATTACHED, {"type": "session.updated", "session": {}}, confirmed("call_1"))
    book.hears(created(), done())
    assert types(resumed(book)) == ["session.update"]


def test_the_id_of_a_call_outlives_the_process() -> None:
    book = attached(history=[RUNNING])
    again = attached(history=book.core.history.snapshot(), is_accepted=False)
    assert any(is_output(each, "call_1", INTERRUPTED) for each in again.opening)


# Over sockets.


@asynccontextmanager
async def digging_on_a_call(
    digging: Digging, agent: RealtimeAgent | None = None
) -> AsyncIterator[tuple[RealtimeSession, ScriptedEndpoint]]:
    """Attach a session whose model called a tool; close it at the end."""
    async with scripted_endpoint() as far_end:
        far_end.greeting = [ATTACHED]
        far_end.answers["conversation.item.create"] = taken_in()
        session = RealtimeSession(
            agent or digging.agent(),
            SessionOptions(transcription=None),
            rotation=RotationSettings(),
        )
        await session.connect(Endpoint(far_end.url, realtime_call_id="rtc_1"), is_accepted=True)
        try:
            await far_end.say(created(), function_call("dig"), done())
            yield session, far_end
        finally:
            await session.close()


async def is_answered_once(session: RealtimeSession, far_end: ScriptedEndpoint) -> None:
    """Wait for the result; check that nothing else of it came, before something sent later."""
    await far_end.has_received("response.create")
    await session.send_event({"type": "input_audio_buffer.clear"})
    await far_end.has_received("input_audio_buffer.clear")
    types = ["conversation.item.create", "response.create", "input_audio_buffer.clear"]
    assert far_end.types() == types
    assert is_output(far_end.received[0], "call_1", "result of call_1")


@pytest.mark.parametrize("ends", ["with the socket", "after the loss", "while opening", "after"])
async def test_a_result_goes_over_the_connection_there_is(ends: str) -> None:
    digging = Digging()
    async with digging_on_a_call(digging) as (session, far_end):
        await digging.started.wait()
        if ends == "while opening":
            far_end.greeting = []
        far_end.kill()
        if ends == "with the socket":
            digging.let_go.set()
        await told(session, ConnectionLost)
        if ends == "after the loss":
            digging.let_go.set()
        if ends == "while opening":
            await far_end.until(lambda: far_end.attempts == 2)
            while len(far_end.connections) < 2:
                await asyncio.sleep(0)
            digging.let_go.set()
            await far_end.say(ATTACHED)
        await told(session, Reconnected)
        digging.let_go.set()
        await is_answered_once(session, far_end)
        assert digging.ended == ["done"]


async def test_a_tool_that_ended_while_there_was_no_socket_is_told_when_there_is() -> None:
    digging = Digging()
    async with digging_on_a_call(digging) as (session, far_end):
        await digging.started.wait()
        far_end.greeting = []
        far_end.kill()
        await told(session, ConnectionLost)
        digging.let_go.set()
        while not digging.ended:
            await asyncio.sleep(0)
        await far_end.until(lambda: far_end.attempts == 2)
        while len(far_end.connections) < 2:
            await asyncio.sleep(0)
        await far_end.say(ATTACHED)
        await told(session, Reconnected)
        ended = await told(session, events.ToolEnded)
        assert ended.output == "result of call_1"


@pytest.mark.usefixtures("hurried")
async def test_a_result_waits_for_as_many_connections_as_it_takes() -> None:
    digging = Digging()
    async with digging_on_a_call(digging) as (session, far_end):
        await digging.started.wait()
        for _ in range(2):
            far_end.kill()
            await told(session, Reconnected)
        far_end.fault = "refuse"
        far_end.kill()
        await far_end.until(lambda: far_end.attempts == 5)
        digging.let_go.set()
        far_end.fault = ""
        await told(session, Reconnected)
        await is_answered_once(session, far_end)


async def test_an_approval_that_waits_waits_still() -> None:
    digging = Digging()
    tool = function_tool(digging.dig, needs_approval=True)
    async with digging_on_a_call(digging, RealtimeAgent("Desk", tools=[tool])) as (session, far):
        asked = (await told(session, ToolApprovalRequested)).request
        far.kill()
        await told(session, Reconnected)
        assert session.pending_approvals == [asked]
        digging.let_go.set()
        await session.approve(asked)
        await is_answered_once(session, far)
        assert session.pending_approvals == []


async def test_a_tool_ends_with_a_call_that_is_over_meanwhile() -> None:
    digging = Digging()
    async with digging_on_a_call(digging) as (session, far_end):
        await digging.started.wait()
        far_end.kill()
        await told(session, ConnectionLost)
        await far_end.until(lambda: far_end.attempts == 2)
        while len(far_end.connections) < 2:
            await asyncio.sleep(0)
        await far_end.leave(1000, "hung up")
        await told_to_the_end(session)
        while "tool dig" in tasks():
            await asyncio.sleep(0)
        assert digging.ended == ["cancelled"]


async def test_a_tool_is_cancelled_when_the_session_is_closed_while_it_attaches_again() -> None:
    digging = Digging()
    async with digging_on_a_call(digging) as (session, far_end):
        await digging.started.wait()
        far_end.fault = "refuse"
        far_end.kill()
        await told(session, ConnectionLost)
        await session.close()
        assert digging.ended == ["cancelled"]
        assert tasks() == set()


async def test_an_agent_goes_on_after_a_restart() -> None:
    async with scripted_endpoint() as far_end:
        session = RealtimeSession(
            RealtimeAgent("Desk"), SessionOptions(transcription=None), history=[RUNNING]
        )
        await session.connect(Endpoint(far_end.url, realtime_call_id="rtc_1"))
        await far_end.has_received("response.create")
        types = ["session.update", "conversation.item.create", "response.create"]
        assert far_end.types() == types
        assert is_output(far_end.received[1], "call_1", INTERRUPTED)
        updated = await told(session, HistoryUpdated)
        (call,) = updated.items
        assert isinstance(call, FunctionCall)
        assert call.output == INTERRUPTED
        await session.close()


async def test_a_tool_that_ended_is_told_once() -> None:
    digging = Digging()
    async with digging_on_a_call(digging) as (session, far_end):
        await digging.started.wait()
        far_end.kill()
        await told(session, Reconnected)
        digging.let_go.set()
        ended = await told(session, events.ToolEnded)
        assert ended.tool_call_id == "call_1"
        await far_end.leave(1000, "hung up")
        rest = await told_to_the_end(session)
        assert not any(isinstance(each, events.ToolEnded) for each in rest)
