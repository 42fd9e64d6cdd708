"""A session over a socket: what comes and goes, and how it ends."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.hooks import AgentHooks
from sipagent.errors import SessionLost
from sipagent.realtime import events
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from tests.fakes.scripted_endpoint import scripted_endpoint

from .joined import joined, told, told_to_the_end
from .playbook import MS, PCMU, audio, created, done, heard, is_of_a_call, reception


async def test_what_the_endpoint_says_is_told_in_order() -> None:
    async with joined() as (session, far_end):
        await far_end.say(created(), audio(20), audio(30), done())
        await far_end.leave(1000, "")
        all_told = [each for each in await told_to_the_end(session) if is_of_a_call(each)]
        assert [type(event) for event in all_told] == [
            events.SessionConfigured,
            events.ResponseStarted,
            events.AudioDelta,
            events.AudioDelta,
            events.ResponseDone,
            events.Disconnected,
        ]


async def test_caller_audio_reaches_the_endpoint() -> None:
    async with joined() as (session, far_end):
        await session.append_audio(b"\x00\x7f\xff")
        (append,) = await far_end.has_received("input_audio_buffer.append")
        assert b64decode(append["audio"]) == b"\x00\x7f\xff"


async def test_what_the_owner_wants_is_sent_in_the_order_it_was_wanted() -> None:
    async with joined() as (session, far_end):
        await session.create_response("Greet.")
        await far_end.say(created(), audio(100))
        await told(session, events.AudioDelta)
        await session.interrupt([heard(60, 100)], cancel=True)
        await session.update_agent(RealtimeAgent("Night", "It is late."))
        await session.send_message("Hello?")
        await far_end.has_received("conversation.item.create")
        assert far_end.types()[1:] == [
            "response.create",
            "response.cancel",
            "conversation.item.truncate",
            "session.update",
            "conversation.item.create",
        ]
        assert session.current_agent.name == "Night"


async def test_messages_that_belong_together_are_not_torn_apart_by_another_sender() -> None:
    long_text = "x" * 8_000_000  # does not fit the socket at once, so its sender waits
    async with joined() as (session, far_end):
        await asyncio.gather(session.send_message(long_text), session.append_audio(MS))
        await far_end.has_received("input_audio_buffer.append")
        assert far_end.types()[1:] == [
            "conversation.item.create",
            "response.create",
            "input_audio_buffer.append",
        ]


async def test_a_sender_who_gives_up_leaves_the_rest_to_the_next() -> None:
    async with joined() as (session, far_end):
        sending = asyncio.ensure_future(session.send_message("x" * 8_000_000))
        await asyncio.sleep(0)  # it waits for the socket
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert sending.cancelled()
        await session.append_audio(MS)
        await far_end.has_received("input_audio_buffer.append")
        assert far_end.types()[1:] == [
            "conversation.item.create",
            "response.create",
            "input_audio_buffer.append",
        ]


async def test_concurrent_senders_are_served_in_the_order_they_came() -> None:
    async with joined() as (session, far_end):
        await asyncio.gather(*(session.append_audio(bytes([number])) for number in range(50)))
        appends = await far_end.has_received("input_audio_buffer.append", 50)
        assert [b64decode(append["audio"])[0] for append in appends] == list(range(50))


async def test_garbage_does_not_end_a_session() -> None:
    async with joined() as (session, far_end):
        garbage = ["", "{", "[]", '{"type":7}', '{"type":"response.created","response":[]}']
        lie = done(status_details="cancelled", usage="none")
        await far_end.say(*garbage, {"type": "error", "error": "No."}, lie, created())
        await told(session, events.ResponseStarted)
        await session.append_audio(MS)
        await far_end.has_received("input_audio_buffer.append")


async def test_the_end_is_told_last_and_as_expected_when_it_was_closed() -> None:
    async with joined() as (session, far_end):
        await session.close()
        assert await far_end.is_left() == 1000
        *_, last = await told_to_the_end(session)
        assert isinstance(last, events.Disconnected)
        assert last.expected


async def test_an_endpoint_that_leaves_is_told_with_its_code_and_reason() -> None:
    async with joined() as (session, far_end):
        await far_end.leave(1001, "going away")
        last = await told(session, events.Disconnected)
        assert (last.close_code, last.expected) == (1001, False)
        assert "going away" in last.reason


async def test_an_endpoint_that_dies_is_told_as_an_abnormal_end() -> None:
    async with joined() as (session, far_end):
        far_end.kill()
        last = await told(session, events.Disconnected)
        assert (last.close_code, last.expected) == (1006, False)


async def test_nothing_can_be_sent_to_an_endpoint_that_is_gone() -> None:
    async with joined() as (session, far_end):
        far_end.kill()
        await told(session, events.Disconnected)
        with pytest.raises(SessionLost) as caught:
            await session.append_audio(MS)
        assert caught.value.close_code == 1006


async def test_nothing_can_be_sent_after_closing() -> None:
    async with joined() as (session, _):
        await session.close()
        with pytest.raises(SessionLost, match="not open"):
            await session.create_response("Greet.")


async def test_closing_twice_is_harmless() -> None:
    async with joined() as (session, _):
        await asyncio.gather(session.close(), session.close())
        await session.close()


async def test_closing_leaves_no_tasks() -> None:
    async with scripted_endpoint() as far_end:
        before = asyncio.all_tasks()
        session = RealtimeSession(reception(), SessionOptions(PCMU, PCMU))
        await session.connect(Endpoint(far_end.url, "m"))
        await session.append_audio(MS)
        await session.close()
        await far_end.is_left()
        assert asyncio.all_tasks() == before


async def test_hooks_of_an_agent_hear_that_it_began_and_ended_in_order() -> None:
    heard: list[str] = []

    class Hooks(AgentHooks):
        async def on_start(self, context: Any, agent: RealtimeAgent) -> None:
            await asyncio.sleep(0)
            heard.append(f"{agent.name} began for {context}")

        async def on_end(self, context: Any, agent: RealtimeAgent, output: str) -> None:
            heard.append(f"{agent.name} ended: {output}")

    async with joined(RealtimeAgent("Ada", hooks=Hooks()), context="a call") as (session, far_end):
        said = {"type": "message", "content": [{"type": "output_audio", "transcript": "Hello."}]}
        await far_end.say(created(), done(output=[said]))
        await told(session, events.ResponseDone)
    assert heard == ["Ada began for a call", "Ada ended: Hello."]


async def test_a_session_is_closed_at_the_end_of_its_block() -> None:
    async with scripted_endpoint() as far_end:
        async with RealtimeSession(RealtimeAgent("Ada")) as session:
            await session.connect(Endpoint(far_end.url, "m"))
            async for event in session:
                assert isinstance(event, events.SessionConfigured)
                break
        assert await far_end.is_left() == 1000
