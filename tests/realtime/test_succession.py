"""A session whose socket dies: another takes its place, and knows what was said."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolContext, function_tool
from sipagent.errors import SessionLost
from sipagent.realtime import events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected
from sipagent.realtime.conversation_events import (
    HistoryUpdated,
    ToolApprovalRequested,
)
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.rotation import RotationSettings
from sipagent.realtime.session import RealtimeSession
from sipagent.realtime.transport import WebSocketTransport
from tests.fakes.scripted_endpoint import ScriptedEndpoint

from .joined import told, told_to_the_end
from .outage import called, hurried, message, outliving, retold, talked, tasks
from .playbook import MS, PCMU, audio, created, done, function_call

__all__ = ["hurried"]

ASKED = message("user", "Where is order 7?", "u1")
ANSWERED = message("assistant", "It left today.", "a1")
TOKENS = {"total_tokens": 5, "input_tokens": 2, "output_tokens": 3}


async def lose(session: RealtimeSession, far_end: ScriptedEndpoint) -> Reconnected:
    """Let the connection die and wait until another took over."""
    far_end.received.clear()
    far_end.kill()
    return await told(session, Reconnected)


async def test_a_loss_is_told_and_then_that_another_session_took_over() -> None:
    async with outliving() as (session, far_end):
        await talked(session, far_end, ASKED, ANSWERED)
        far_end.kill()
        heard: list[SessionEvent] = []
        async for event in session.events():
            heard.append(event)
            if isinstance(event, HistoryUpdated) and Reconnected in map(type, heard):
                break
        (lost,) = [each for each in heard if isinstance(each, ConnectionLost)]
        assert lost.close_code == 1006
        assert [type(each) for each in heard[-2:]] == [Reconnected, HistoryUpdated]
        assert not any(isinstance(each, events.Disconnected) for each in heard)
        assert heard[-2] == Reconnected(lost.reason, heard[-2].at)
        assert len(session.history) == 2


async def test_audio_flows_again_both_ways() -> None:
    async with outliving() as (session, far_end):
        await lose(session, far_end)
        await session.append_audio(b"\x00\x7f")
        (append,) = await far_end.has_received("input_audio_buffer.append")
        assert b64decode(append["audio"]) == b"\x00\x7f"
        await far_end.say(created(), audio(20))
        assert (await told(session, events.AudioDelta)).audio == MS * 20


async def test_the_conversation_is_retold_in_order_and_before_anything_else() -> None:
    async with outliving() as (session, far_end):
        system = message("system", "Be kind.", "s1")
        await talked(session, far_end, system, ASKED, called("look_up"), ANSWERED)
        await lose(session, far_end)
        await session.append_audio(MS)
        await far_end.has_received("input_audio_buffer.append")
        assert retold(far_end) == [
            ("system", "Be kind."),
            ("user", "Where is order 7?"),
            ("system", "Tool look_up was called with {} and answered: nothing yet"),
            ("assistant", "It left today."),
        ]
        types = ["session.update", *["conversation.item.create"] * 4, "input_audio_buffer.append"]
        assert far_end.types() == types  # and no response is asked for


async def test_what_was_retold_once_is_retold_again() -> None:
    async with outliving(settings=RotationSettings(attempts=2)) as (session, far_end):
        await talked(session, far_end, ASKED, ANSWERED)
        await lose(session, far_end)
        await lose(session, far_end)
        assert retold(far_end) == [("user", "Where is order 7?"), ("assistant", "It left today.")]


@pytest.mark.parametrize("last", [(), (called("look_up"),)], ids=["at once", "after a tool"])
async def test_a_caller_who_had_no_answer_gets_one(last: tuple[dict[str, object], ...]) -> None:
    async with outliving() as (session, far_end):
        await talked(session, far_end, ANSWERED, ASKED, *last)
        await lose(session, far_end)
        await far_end.has_received("response.create")
        assert far_end.types()[-1] == "response.create"
        assert far_end.types().count("response.create") == 1


async def test_an_empty_conversation_is_not_answered() -> None:
    async with outliving() as (session, far_end):
        await lose(session, far_end)
        await session.append_audio(MS)
        await far_end.has_received("input_audio_buffer.append")
        assert far_end.types() == ["session.update", "input_audio_buffer.append"]


async def test_the_agent_who_was_speaking_goes_on_in_the_same_formats() -> None:
    async with outliving() as (session, far_end):
        await far_end.say(created(), function_call("transfer_to_sales"), done())
        await told(session, events.HandedOff)
        await lose(session, far_end)
        assert session.current_agent.name == "Sales"
        (update,) = await far_end.has_received("session.update")
        assert update["session"]["instructions"] == "Sell."
        assert update["session"]["audio"]["input"]["format"] == PCMU
        assert update["session"]["audio"]["output"]["format"] == PCMU


async def test_tokens_are_counted_on() -> None:
    async with outliving() as (session, far_end):
        await far_end.say(created(), done(usage=TOKENS))
        await told(session, events.ResponseDone)
        await lose(session, far_end)
        assert session.usage.total_tokens == 5
        await far_end.say(created("r2"), done("r2", usage=TOKENS))
        await told(session, events.ResponseDone)
        assert session.usage.total_tokens == 10


async def test_approvals_that_wait_are_forgotten_and_decisions_for_good_are_not() -> None:
    ran: list[str] = []

    def refund(context: ToolContext) -> None:
        """Give money back."""
        ran.append(context.tool_call_id)

    agent = RealtimeAgent(
        "Desk",
        tools=[function_tool(refund, name=n, needs_approval=True) for n in ("refund", "cancel")],
    )
    async with outliving(agent) as (session, far_end):
        await far_end.say(created(), function_call("refund", "c1"), done())
        first = await told(session, ToolApprovalRequested)
        await session.approve(first.request, always_approve=True)
        await told(session, events.ToolEnded)
        await far_end.say(created("r2"), function_call("cancel", "c2", response_id="r2"))
        second = await told(session, ToolApprovalRequested)
        far_end.kill()
        await told(session, ConnectionLost)
        assert session.pending_approvals == []
        await told(session, Reconnected)
        await session.approve(second.request)
        assert (await told(session, events.SessionErrorReported)).code == "approval_unknown"
        await far_end.say(created("r3"), function_call("refund", "c3", response_id="r3"))
        await told(session, events.ToolEnded)
        assert ran == ["c1", "c3"]


# What is sent meanwhile.


async def test_audio_that_meets_no_session_is_dropped() -> None:
    async with outliving() as (session, far_end):
        far_end.fault = "hang"
        far_end.kill()
        for _ in range(50):  # from before the loss is noticed
            await session.append_audio(MS)
        await told(session, ConnectionLost)
        for _ in range(50):
            await session.append_audio(MS)
        await session.send_message("Hello?")
        await session.interrupt()
        assert far_end.types()[1:] == []


async def test_a_socket_that_breaks_under_its_sender_is_the_sessions_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def break_down(*_: object) -> None:
        raise SessionLost("gone")  # and the reader has not noticed yet

    async with outliving() as (session, _):
        monkeypatch.setattr(WebSocketTransport, "send", break_down)
        await session.append_audio(MS)
        await session.send_message("Hello?")


# It does not work out.


@pytest.mark.usefixtures("hurried")
async def test_after_all_attempts_the_end_is_told_once_and_last() -> None:
    async with outliving(settings=RotationSettings(attempts=3)) as (session, far_end):
        far_end.fault = "refuse"
        far_end.kill()
        everything = await told_to_the_end(session)
        assert far_end.attempts == 1 + 3
        end = everything[-1]
        assert isinstance(end, events.Disconnected)
        assert (end.close_code, end.expected) == (1006, False)
        assert "refused the session" in end.reason
        with pytest.raises(SessionLost):
            await session.append_audio(MS)


async def test_attempts_are_made_ever_slower(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    async with outliving(settings=RotationSettings(attempts=2)) as (session, far_end):
        far_end.fault = "refuse"
        lost_at = loop.time()
        far_end.kill()
        end = (await told_to_the_end(session))[-1]
        assert end.at - lost_at >= 0.25
    assert caplog.text.count("no new session") == 2


async def test_without_attempts_a_loss_is_the_end() -> None:
    async with outliving(settings=RotationSettings(attempts=0)) as (session, far_end):
        far_end.kill()
        everything = await told_to_the_end(session)
        assert not any(isinstance(each, ConnectionLost) for each in everything)
        end = everything[-1]
        assert isinstance(end, events.Disconnected) and not end.expected


async def test_an_endpoint_that_hangs_is_given_up_and_nothing_stays_open() -> None:
    settings = RotationSettings(give_up_after_s=0.05)
    async with outliving(settings=settings) as (session, far_end):
        far_end.fault = "hang"
        far_end.kill()
        end = (await told_to_the_end(session))[-1]
        assert isinstance(end, events.Disconnected) and not end.expected
        async with asyncio.timeout(2):
            while "realtime succession" in tasks():
                await asyncio.sleep(0)
        await session.close()
        assert tasks() == set()


@pytest.mark.usefixtures("hurried")
async def test_instructions_that_fail_are_asked_for_again() -> None:
    asked: list[str] = []

    def instructions(*_: object) -> str:
        asked.append("again")
        if len(asked) == 2:
            raise ZeroDivisionError
        return "Be brief."

    async with outliving(RealtimeAgent("Ada", instructions)) as (session, far_end):
        await lose(session, far_end)
        assert len(asked) == 3


async def test_a_phone_call_at_the_endpoint_is_told_nothing_it_knows() -> None:
    async with outliving(realtime_call_id="rtc_1") as (session, far_end):
        await talked(session, far_end, ASKED)
        await lose(session, far_end)
        await session.send_event({"type": "input_audio_buffer.clear"})
        await far_end.has_received("input_audio_buffer.clear")
        assert far_end.types() == ["session.update", "input_audio_buffer.clear"]
        assert "call_id=rtc_1" in far_end.requests[-1].path


# The owner ends it.


@pytest.mark.parametrize("stage", ["handshake", "configuring", "retelling", "waiting"])
async def test_closing_while_another_is_opened_leaves_nothing_open(stage: str) -> None:
    async with outliving() as (session, far_end):
        await talked(session, far_end, ASKED)
        far_end.received.clear()
        match stage:
            case "handshake":
                far_end.fault = "hang"
            case "configuring":
                far_end.answers["session.update"] = []
            case "retelling":
                far_end.answers["conversation.item.create"] = []
            case _:
                far_end.fault = "refuse"
        far_end.kill()
        wanted = {"configuring": "session.update", "retelling": "conversation.item.create"}
        if stage in wanted:
            await far_end.has_received(wanted[stage])
        else:
            await far_end.until(lambda: far_end.attempts == 2)
        await session.close()
        everything = await told_to_the_end(session)
        end = everything[-1]
        assert isinstance(end, events.Disconnected) and end.expected
        assert sum(isinstance(each, events.Disconnected) for each in everything) == 1
        assert tasks() == set()
        if stage in wanted:
            assert await far_end.is_left() == 1000
