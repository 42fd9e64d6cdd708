"""A session that will expire: another takes over before, in a quiet moment."""

from __future__ import annotations

import asyncio
import json

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import function_tool
from sipagent.realtime import events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected, SessionExpiring
from sipagent.realtime.conversation_events import (
    HistoryAdded,
    HistoryUpdated,
    ToolApprovalRequested,
)
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.rotation import RotationSettings
from sipagent.realtime.transport import WebSocketTransport
from sipagent.wire.events import Json
from tests.fakes.scripted_endpoint import CONFIGURED

from .joined import told
from .outage import hurried, message, outliving, retold, talked, tasks
from .playbook import MS, audio, created, done, function_call

__all__ = ["hurried"]

pytestmark = pytest.mark.usefixtures("hurried")

SOON_S = 0.1
"""It is replaced after half of that."""

SAID = message("assistant", "Good morning.", "a1")


async def test_a_quiet_session_is_replaced_before_it_expires() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        await talked(session, far_end, SAID)
        expiring = await told(session, SessionExpiring)
        assert 0 < expiring.in_s <= SOON_S / 2
        far_end.answers["session.update"] = [CONFIGURED]
        reconnected = await told(session, Reconnected)
        assert reconnected.reason == "expiry"
        assert retold(far_end) == [("assistant", "Good morning.")]
        assert await far_end.is_left(0) == 1000
        await session.append_audio(MS)
        await far_end.has_received("input_audio_buffer.append")
        assert len(far_end.connections) == 2
        assert "response.create" not in far_end.types()


async def test_nobody_is_cut_off() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        await far_end.say(created(), audio(20))
        await told(session, SessionExpiring)
        far_end.answers["session.update"] = [CONFIGURED]
        await asyncio.sleep(0)
        assert far_end.attempts == 1
        await far_end.say(
            {"type": "input_audio_buffer.speech_started", "item_id": "u", "audio_start_ms": 1},
            done(),
        )
        await told(session, events.ResponseDone)
        assert far_end.attempts == 1
        await far_end.say(
            {"type": "input_audio_buffer.speech_stopped", "item_id": "u", "audio_end_ms": 2}
        )
        await told(session, Reconnected)


async def test_who_never_falls_silent_is_cut_off_in_time() -> None:
    settings = RotationSettings(idle_grace_s=0.01)
    async with outliving(expires_in_s=SOON_S, settings=settings) as (session, far_end):
        await far_end.say(created())
        await told(session, SessionExpiring)
        far_end.answers["session.update"] = [CONFIGURED]
        assert (await told(session, Reconnected)).reason == "expiry"


async def test_a_caller_who_begins_to_speak_meanwhile_keeps_the_session() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        far_end.answers["session.update"] = []
        await far_end.until(lambda: far_end.attempts == 2)
        first = far_end.connections[0]
        await first.send(
            '{"type":"input_audio_buffer.speech_started","item_id":"u","audio_start_ms":1}'
        )
        await told(session, events.SpeechStarted)
        await far_end.until(lambda: len(far_end.connections) == 2 and len(far_end.received) == 2)
        await far_end.say(CONFIGURED)
        assert await far_end.is_left(1) == 1000
        assert session.connection is not None and not session.connection.is_closing
        far_end.answers["session.update"] = [CONFIGURED]
        await first.send(
            '{"type":"input_audio_buffer.speech_stopped","item_id":"u","audio_end_ms":2}'
        )
        await told(session, Reconnected)
        assert len(far_end.connections) == 3


async def test_what_is_said_while_the_other_is_opened_is_retold_too() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        await talked(session, far_end, SAID)
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        await far_end.connections[0].send(_text(message("user", "Wait.", "u1")))
        await told(session, HistoryAdded)
        await far_end.say(CONFIGURED)
        await told(session, Reconnected)
        await far_end.has_received("response.create")
        assert retold(far_end) == [("assistant", "Good morning."), ("user", "Wait.")]


async def test_what_changes_meanwhile_is_retold_once_unless_its_words_change() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        await talked(session, far_end, SAID, message("user", "Wait", "u1"))
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        for event in ({**SAID, "previous_item_id": "u0"}, message("user", "Wait.", "u1")):
            await far_end.connections[0].send(_text(event))
            await told(session, HistoryUpdated)
        await far_end.say(CONFIGURED)
        await told(session, Reconnected)
        await far_end.has_received("response.create")
        words = [text for _, text in retold(far_end)]
        assert words == ["Good morning.", "Wait", "Wait."]


async def test_tokens_are_counted_while_the_other_is_opened() -> None:
    usage = {"total_tokens": 5, "input_tokens": 2, "output_tokens": 3}
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        for event in (created(), done(usage=usage)):
            await far_end.connections[0].send(_text(event))
        await told(session, events.ResponseDone)
        await far_end.say(CONFIGURED)
        await told(session, Reconnected)
        assert session.usage.total_tokens == 5


async def test_an_agent_who_takes_over_meanwhile_goes_on() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        await session.update_agent(RealtimeAgent("Night", "It is late."))
        await far_end.has_received("session.update", 3)
        far_end.answers["session.update"] = [CONFIGURED]
        await far_end.say(CONFIGURED)
        await told(session, Reconnected)
        updates = await far_end.has_received("session.update", 4)
        assert updates[-1]["session"]["instructions"] == "It is late."
        assert session.current_agent.name == "Night"


async def test_what_its_owner_asked_of_it_meanwhile_holds() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        audio_changes = {"output": {"speed": 1.2}}
        await session.send_event(
            {"type": "session.update", "session": {"type": "realtime", "audio": audio_changes}}
        )
        await far_end.has_received("session.update", 3)
        far_end.answers["session.update"] = [CONFIGURED]
        await far_end.say(CONFIGURED)
        await told(session, Reconnected)
        updates = await far_end.has_received("session.update", 4)
        assert updates[-1]["session"]["audio"]["output"]["speed"] == 1.2


async def test_a_session_lost_while_it_is_told_the_rest_is_replaced_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        sending, lost = WebSocketTransport.send, asyncio.Event()

        async def lose(transport: WebSocketTransport, sent: str) -> None:
            """Let the socket die while the first message is on its way that it carries."""
            if "Wait." in sent and not lost.is_set():
                lost.set()
                far_end.connections[1].transport.abort()
                await transport._connection.wait_closed()
                for _ in range(10):  # until its reader has noticed
                    await asyncio.sleep(0)
            else:
                await sending(transport, sent)

        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        await far_end.connections[0].send(_text(message("user", "Wait.", "u1")))
        await told(session, HistoryAdded)
        monkeypatch.setattr(WebSocketTransport, "send", lose)
        await far_end.say(CONFIGURED)
        far_end.answers["session.update"] = [CONFIGURED]
        await told(session, Reconnected)
        await far_end.has_received("response.create")
        assert len(far_end.connections) == 3


async def test_what_the_old_session_still_says_is_not_told() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        old = session.connection
        assert old is not None
        far_end.answers["session.update"] = [CONFIGURED]
        await told(session, Reconnected)
        heard: list[SessionEvent] = []
        session.on("*", heard.append)
        for event in (created(), audio(20)):
            old.core.receive(_text(event), now=0.0)
            await old.flush()
        assert heard == []


async def test_approvals_wait_on_while_a_second_session_cannot_be_had() -> None:
    async def refund() -> str:
        """Give money back."""
        return "refunded"

    agent = RealtimeAgent("Desk", tools=[function_tool(refund, needs_approval=True)])
    async with outliving(agent, expires_in_s=SOON_S) as (session, far_end):
        await far_end.say(created(), function_call("refund"), done())
        asked = await told(session, ToolApprovalRequested)
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        await far_end.leave(1011, "no")
        await far_end.until(lambda: far_end.attempts == 3)
        assert session.pending_approvals == [asked.request]
        await session.approve(asked.request)
        assert (await told(session, events.ToolEnded)).output == "refunded"


async def test_a_session_lost_while_the_other_is_opened_is_replaced_by_that_one() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        far_end.connections[0].transport.abort()
        await told(session, ConnectionLost)
        await far_end.say(CONFIGURED)
        reconnected = await told(session, Reconnected)
        assert "1006" in reconnected.reason
        assert len(far_end.connections) == 2


async def test_closing_while_the_other_is_opened_closes_both() -> None:
    async with outliving(expires_in_s=SOON_S) as (session, far_end):
        far_end.answers["session.update"] = []
        await far_end.has_received("session.update", 2)
        await session.close()
        assert [await far_end.is_left(0), await far_end.is_left(1)] == [1000, 1000]
        assert (await told(session, events.Disconnected)).expected
        assert tasks() == set()


def _text(event: Json) -> str:
    return json.dumps(event)
