"""A session that is attached to a phone call, over a socket: how it begins, goes on and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest

from sipagent.agents.tools import ToolContext, function_tool
from sipagent.errors import ConfigError, SessionError, SessionLost, SessionRejected, SessionTimeout
from sipagent.realtime import connection as connection_module
from sipagent.realtime import events
from sipagent.realtime.connection_events import ConnectionLost, Reconnected, SessionExpiring
from sipagent.realtime.conversation_events import (
    HistoryAdded,
    HistoryUpdated,
    OutputStarted,
)
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import AttachedPlayback, ClockPlayback
from sipagent.realtime.rotation import RotationSettings
from sipagent.realtime.session import RealtimeSession
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint

from .attached import ATTACHED, SPEECH, buffer
from .joined import told, told_to_the_end
from .outage import WALL, hurried, message, tasks
from .playbook import MS, Wire, created, done, function_call, reception

__all__ = ["hurried"]

USER: Wire = {"item_id": "u1", "type": "message", "role": "user", "content": []}


def new_session(**more: Any) -> RealtimeSession:
    options = {"rotation": RotationSettings(), "wall_clock": lambda: WALL, **more}
    return RealtimeSession(reception(), SessionOptions(transcription=None), **options)


def call_at(far_end: ScriptedEndpoint) -> Endpoint:
    return Endpoint(far_end.url, realtime_call_id="rtc_1")


@asynccontextmanager
async def attached(**more: Any) -> AsyncIterator[tuple[RealtimeSession, ScriptedEndpoint]]:
    """Attach a session to an accepted call; close it at the end."""
    async with scripted_endpoint() as far_end:
        far_end.greeting = [ATTACHED]
        session = new_session(**more)
        await session.connect(call_at(far_end), is_accepted=True)
        try:
            yield session, far_end
        finally:
            await session.close()


async def lose(session: RealtimeSession, far_end: ScriptedEndpoint) -> None:
    """Let the socket die, and wait until another took over."""
    far_end.kill()
    await told(session, Reconnected)


# How it begins.


async def test_an_accepted_call_is_attached_to_without_a_word() -> None:
    async with attached() as (session, far_end):
        await told(session, events.SessionConfigured)
        await session.send_message("Hello?")
        await far_end.has_received("response.create")
        assert far_end.types() == ["conversation.item.create", "response.create"]
        assert far_end.requests[0].path == "/v1/realtime?call_id=rtc_1"


async def test_a_session_that_does_not_begin_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "CONFIGURED_LIMIT_S", 0.05)
    async with scripted_endpoint() as far_end:
        with pytest.raises(SessionTimeout):
            await new_session().connect(call_at(far_end), is_accepted=True)
        assert far_end.received == []


async def test_a_call_that_is_over_before_is_a_rejection_with_its_status() -> None:
    async with scripted_endpoint() as far_end:
        far_end.fault, far_end.refusal = "refuse", HTTPStatus.NOT_FOUND
        with pytest.raises(SessionRejected) as caught:
            await new_session().connect(call_at(far_end), is_accepted=True)
        assert caught.value.status == 404


@pytest.mark.parametrize(("more", "where"), [({}, "is_accepted"), ({"history": [USER]}, "history")])
async def test_what_belongs_to_a_call_needs_one(more: dict[str, Any], where: str) -> None:
    session = new_session(**more)
    with pytest.raises(ConfigError) as caught:
        await session.connect(Endpoint("ws://127.0.0.1:1"), is_accepted=not more)
    assert caught.value.where == where


async def test_what_is_known_of_the_conversation_is_there_before_anything_is_heard() -> None:
    session = new_session(history=[USER])
    assert [item.item_id for item in session.history] == ["u1"]
    async with attached(history=[USER]) as (session, far_end):
        await far_end.say(message("user", "Hello?", "u2"))
        seen: list[SessionEvent] = []
        async for event in session.events():
            seen.append(event)
            if isinstance(event, HistoryAdded):
                break
        assert [each.item.item_id for each in seen if isinstance(each, HistoryAdded)] == ["u2"]
        assert [item.item_id for item in session.history] == ["u1", "u2"]


# The endpoint has the caller's audio, and the agent's.


async def test_audio_is_refused_before_anything_is_sent() -> None:
    async with attached() as (session, far_end):
        for sending in (session.append_audio(MS), session.send_audio(MS, commit=True)):
            with pytest.raises(SessionError, match="hears the caller") as caught:
                await sending
            assert not isinstance(caught.value, SessionLost)
        assert session.muted is None
        with pytest.raises(SessionError):
            session.mute()
        await far_end.say(SPEECH)
        await told(session, events.SpeechStarted)
        await session.interrupt()
        await far_end.has_received("output_audio_buffer.clear")
        assert far_end.types() == ["output_audio_buffer.clear"]


async def test_an_agent_is_told_to_be_quiet() -> None:
    async with attached() as (session, far_end):
        await far_end.say(created(), buffer("started"))
        await told(session, OutputStarted)
        assert session.playback.is_playing(0.0)
        await session.interrupt()
        await far_end.has_received("output_audio_buffer.clear")
        assert far_end.types() == ["response.cancel", "output_audio_buffer.clear"]


async def test_whoever_plays_elsewhere_is_not_asked() -> None:
    async with attached(playback=ClockPlayback()) as (session, _):
        assert isinstance(session.playback, AttachedPlayback)


# How it goes on.


@pytest.mark.usefixtures("hurried")
async def test_a_call_is_attached_to_again_and_nothing_is_said_twice() -> None:
    async with attached(history=[USER]) as (session, far_end):
        await far_end.say(message("user", "Hello?", "u2"))
        await told(session, HistoryAdded)
        for _ in range(2):
            await lose(session, far_end)
            updated = await told(session, HistoryUpdated)
            assert [item.item_id for item in updated.items] == ["u1", "u2"]
        await session.create_response()
        await far_end.has_received("response.create")
        assert far_end.types() == ["response.create"]
        assert [each.path for each in far_end.requests] == ["/v1/realtime?call_id=rtc_1"] * 3


async def test_the_agent_who_was_speaking_speaks_still() -> None:
    async with attached() as (session, far_end):
        far_end.answers["session.update"] = [{"type": "session.updated", "session": {}}]
        await far_end.say(created(), function_call("transfer_to_sales"), done())
        await told(session, events.HandedOff)
        await told(session, events.SessionConfigured)
        far_end.received.clear()
        await lose(session, far_end)
        assert session.current_agent.name == "Sales"
        await session.send_message("Hello?")
        await far_end.has_received("response.create")
        assert "session.update" not in far_end.types()


@pytest.mark.usefixtures("hurried")
async def test_a_call_is_not_replaced_before_its_session_expires() -> None:
    expiring = {"type": "session.created", "session": {"expires_at": WALL}}
    async with scripted_endpoint() as far_end:
        far_end.greeting = [expiring]
        session = new_session(rotation=RotationSettings(rotate_margin_s=3_600))
        await session.connect(call_at(far_end), is_accepted=True)
        await far_end.say(SPEECH)
        seen: list[SessionEvent] = []
        async for event in session.events():
            seen.append(event)
            if isinstance(event, events.SpeechStarted):
                break
        await session.close()
        assert not any(isinstance(each, SessionExpiring) for each in seen)
        assert far_end.attempts == 1


# How it ends.


@pytest.mark.parametrize("rotation", [None, RotationSettings()])
@pytest.mark.parametrize("close_code", [1000, 1001])
async def test_a_call_that_ends_is_the_end(
    close_code: int, rotation: RotationSettings | None
) -> None:
    async with attached(rotation=rotation) as (session, far_end):
        await far_end.leave(close_code, "hung up")
        everything = await told_to_the_end(session)
        end = everything[-1]
        assert isinstance(end, events.Disconnected)
        assert (end.close_code, end.expected) == (1000, False)
        assert "hung up" in end.reason
        assert not any(isinstance(each, ConnectionLost) for each in everything)
        with pytest.raises(SessionLost):
            await session.create_response()
        assert far_end.attempts == 1


async def test_tools_end_with_the_call() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def look_up(_: ToolContext) -> None:
        """Take for ever."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with scripted_endpoint() as far_end:
        far_end.greeting = [ATTACHED]
        session = RealtimeSession(
            reception(tools=[function_tool(look_up)]), rotation=RotationSettings()
        )
        await session.connect(call_at(far_end), is_accepted=True)
        await far_end.say(created(), function_call("look_up"))
        await begun.wait()
        await far_end.leave(1000, "")
        await told_to_the_end(session)
        async with asyncio.timeout(5):
            await cancelled.wait()
        await session.close()
        assert tasks() == set()


@pytest.mark.parametrize("refusal", [HTTPStatus.NOT_FOUND, HTTPStatus.GONE])
async def test_a_call_that_has_ended_meanwhile_is_the_end(refusal: HTTPStatus) -> None:
    async with attached() as (session, far_end):
        far_end.fault, far_end.refusal = "refuse", refusal
        far_end.kill()
        everything = await told_to_the_end(session)
        assert any(isinstance(each, ConnectionLost) for each in everything)
        end = everything[-1]
        assert isinstance(end, events.Disconnected)
        assert (end.close_code, end.expected) == (1000, False)
        assert far_end.attempts == 2


async def test_a_call_that_ends_while_it_is_attached_to_again_is_the_end() -> None:
    async with attached() as (session, far_end):
        far_end.greeting = []
        far_end.kill()
        await far_end.until(lambda: far_end.attempts == 2)
        async with asyncio.timeout(5):
            while len(far_end.connections) < 2:
                await asyncio.sleep(0)
        await far_end.leave(1000, "hung up")
        end = (await told_to_the_end(session))[-1]
        assert isinstance(end, events.Disconnected)
        assert (end.close_code, end.expected) == (1000, False)


@pytest.mark.usefixtures("hurried")
async def test_an_endpoint_that_is_down_is_given_up_after_a_while() -> None:
    async with attached(rotation=RotationSettings(attempts=3)) as (session, far_end):
        far_end.fault = "refuse"
        far_end.kill()
        end = (await told_to_the_end(session))[-1]
        assert isinstance(end, events.Disconnected)
        assert (end.close_code, end.expected) == (1006, False)
        assert far_end.attempts == 1 + 3


async def test_who_closes_while_it_is_attached_to_again_meant_to() -> None:
    async with attached() as (session, far_end):
        far_end.greeting = []
        far_end.kill()
        await far_end.until(lambda: far_end.attempts == 2)
        await session.close()
        everything = await told_to_the_end(session)
        end = everything[-1]
        assert isinstance(end, events.Disconnected)
        assert end.expected
        assert sum(isinstance(each, events.Disconnected) for each in everything) == 1
        assert tasks() == set()


async def test_who_closes_as_it_is_attached_to_again_meant_to() -> None:
    closing: list[asyncio.Future[None]] = []
    begun = asyncio.Event()

    async def look_up(_: ToolContext) -> None:
        """Take for ever, and longer to end than the new connection."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            while "realtime succession" in tasks():
                await asyncio.sleep(0)

    def close(direction: str, _: str | bytes) -> None:
        if direction == "in" and len(far_end.connections) == 2:
            closing.append(asyncio.ensure_future(session.close()))

    async with scripted_endpoint() as far_end:
        far_end.greeting = [ATTACHED]
        agent = reception(tools=[function_tool(look_up)])
        session = RealtimeSession(agent, rotation=RotationSettings(), on_message=close)
        await session.connect(call_at(far_end), is_accepted=True)
        await far_end.say(created(), function_call("look_up"))
        await begun.wait()
        far_end.kill()
        end = (await told_to_the_end(session))[-1]
        assert isinstance(end, events.Disconnected)
        assert end.expected
        await asyncio.gather(*closing)
        assert tasks() == set()


async def test_a_session_of_ones_own_that_is_closed_with_1000_is_lost_as_before() -> None:
    async with scripted_endpoint() as far_end:
        session = new_session()
        await session.connect(Endpoint(far_end.url, "m"))
        await far_end.leave(1000, "maintenance")
        await told(session, Reconnected)
        await session.close()
