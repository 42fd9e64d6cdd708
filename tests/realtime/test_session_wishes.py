"""What the owner of a session asks for, as it arrives at the endpoint."""

from __future__ import annotations

from base64 import b64encode

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.errors import ConfigError, WireError
from sipagent.realtime import events
from sipagent.realtime.conversation_events import (
    AgentEnded,
    AudioInterrupted,
    GuardrailTripped,
    HistoryUpdated,
)
from sipagent.realtime.options import SessionOptions
from sipagent.wire import client

from .items import typed
from .joined import joined, told
from .playbook import PCMU, Wire, audio, created, done

PNG = b"\x89PNG\r\n"
URI = f"data:image/png;base64,{b64encode(PNG).decode()}"


def image(uri: str) -> Wire:
    """A picture as an item of the user's."""
    content = [{"type": "input_image", "image_url": uri}]
    return {"type": "message", "role": "user", "content": content}


@pytest.mark.parametrize("given", [PNG, URI], ids=["bytes", "uri"])
async def test_a_picture_is_shown_and_answered(given: bytes | str) -> None:
    async with joined() as (session, far_end):
        await session.add_image(given)
        await far_end.has_received("response.create")
        item, create = far_end.received[1:]
        assert item == {"type": "conversation.item.create", "item": image(URI)}
        assert create["response"] == {}


async def test_a_picture_may_wait_for_what_is_said_of_it() -> None:
    async with joined() as (session, far_end):
        await session.add_image(b"\xff\xd8", trigger_response=False, mime_type="image/jpeg")
        await session.send_message("What is it?")
        await far_end.has_received("response.create")
        assert far_end.types()[1:] == [
            "conversation.item.create",
            "conversation.item.create",
            "response.create",
        ]
        shown = far_end.received[1]["item"]["content"][0]["image_url"]
        assert shown == "data:image/jpeg;base64,/9g="


@pytest.mark.parametrize("uri", ["https://example.com/a.png", "data:text/plain,x", ""])
async def test_what_is_no_picture_is_not_sent(uri: str) -> None:
    async with joined() as (session, far_end):
        with pytest.raises(ConfigError, match="image"):
            await session.add_image(uri)
        await session.send_audio(b"", commit=True)
        await far_end.has_received("input_audio_buffer.commit")
        assert "conversation.item.create" not in far_end.types()


async def test_audio_may_be_a_whole_turn_and_asks_for_no_response() -> None:
    async with joined() as (session, far_end):
        await session.send_audio(b"\x01\x02")
        await session.send_audio(b"\x03", commit=True)
        await session.send_event({"type": "input_audio_buffer.clear"})
        await far_end.has_received("input_audio_buffer.clear")
        assert far_end.types()[1:] == [
            "input_audio_buffer.append",
            "input_audio_buffer.append",
            "input_audio_buffer.commit",
            "input_audio_buffer.clear",
        ]


async def test_an_event_of_the_owners_may_be_of_a_type_nobody_knows() -> None:
    async with joined() as (session, far_end):
        dance = {"type": "session.dance", "steps": [1, {"left": None}], "event_id": "mine"}
        await session.send_event(dance)
        assert await far_end.has_received("session.dance") == [dance]


async def test_an_event_with_a_wrong_field_is_not_sent() -> None:
    async with joined() as (session, far_end):
        with pytest.raises(WireError) as caught:
            await session.send_event({"type": "conversation.item.delete", "item_id": 7})
        assert caught.value.param == "item_id"
        await session.send_event({"type": "session.dance"})
        await far_end.has_received("session.dance")
        assert far_end.types()[1:] == ["session.dance"]


async def test_a_raw_request_waits_its_turn() -> None:
    async with joined() as (session, far_end):
        await far_end.say(created())
        await told(session, events.ResponseStarted)
        await session.send_event({"type": "response.create", "event_id": "mine"})
        await session.send_event(client.InputAudioBufferClear())
        await far_end.has_received("input_audio_buffer.clear")
        assert "response.create" not in far_end.types()
        await far_end.say(done())
        (create,) = await far_end.has_received("response.create")
        assert create["event_id"] == "mine"


async def test_a_message_may_be_an_item_and_say_more_of_itself() -> None:
    async with joined() as (session, far_end):
        item = {"type": "message", "role": "system", "content": []}
        more = {"event_id": "mine", "previous_item_id": "root"}
        await session.send_message(item, other_event_data=more)
        (create,) = await far_end.has_received("conversation.item.create")
        assert create == {"type": "conversation.item.create", "item": item, **more}


async def test_a_response_may_be_outside_the_conversation() -> None:
    async with joined() as (session, far_end):
        await far_end.say(created())
        await told(session, events.ResponseStarted)
        await session.create_response("Classify.", conversation="none", metadata={"of": "1"})
        (create,) = await far_end.has_received("response.create")
        assert create["response"] == {
            "conversation": "none",
            "metadata": {"of": "1"},
            "instructions": "Classify.",
        }


async def test_who_knows_nothing_of_playback_interrupts_by_the_clock() -> None:
    async with joined() as (session, far_end):
        await far_end.say(created(), audio(60_000))
        await told(session, events.AudioDelta)
        await session.interrupt()
        (cut,) = await far_end.has_received("conversation.item.truncate")
        assert (cut["item_id"], cut["content_index"]) == ("item_1", 0)
        assert 0 <= cut["audio_end_ms"] < 10_000
        assert far_end.types()[1] == "response.cancel"
        assert (await told(session, AudioInterrupted)).heard_ms == cut["audio_end_ms"]
        await session.interrupt()
        await session.send_event({"type": "session.dance"})
        await far_end.has_received("session.dance")
        assert far_end.types()[3:] == ["session.dance"]


def no_damns(context: object, agent: RealtimeAgent, text: str) -> GuardrailResult:
    return GuardrailResult("damn" in text, {"agent": agent.name, "for": context})


async def test_an_answer_that_must_not_be_given_is_stopped_and_another_asked_for() -> None:
    polite = OutputGuardrail("polite", no_damns, "Be polite.")
    options = SessionOptions(PCMU, PCMU, output_guardrails=[polite], debounce_text_length=5)
    async with joined(options=options, context="the call") as (session, far_end):
        where = {"item_id": "item_1", "output_index": 0, "content_index": 0}
        name = "response.output_audio_transcript.delta"
        words = {"type": name, "response_id": "resp_1", **where, "delta": "Oh damn."}
        await far_end.say(created(), audio(60_000), words)
        tripped = await told(session, GuardrailTripped)
        assert (tripped.agent.name, tripped.trip.tripwire.guardrail) == ("Reception", "polite")
        (feedback,) = await far_end.has_received("conversation.item.create")
        assert '{"agent": "Reception", "for": "the call"}' in str(feedback["item"])
        await far_end.say(done(status="cancelled"))
        await far_end.has_received("response.create")
        assert far_end.types()[1:] == [
            "response.cancel",
            "conversation.item.truncate",
            "conversation.item.create",
            "response.create",
        ]


async def test_a_guardrail_that_raises_is_told_and_the_answer_is_heard() -> None:
    def fail(context: object, agent: RealtimeAgent, text: str) -> GuardrailResult:
        raise OSError("no model")

    agent = RealtimeAgent("Reception", output_guardrails=[OutputGuardrail("broken", fail)])
    async with joined(agent) as (session, far_end):
        await far_end.say(created(), done())
        assert (await told(session, AgentEnded)).agent is agent
        reported = await told(session, events.SessionErrorReported)
        assert (reported.code, reported.message) == ("guardrail_failed", "broken: OSError")
        assert far_end.types()[1:] == []


async def test_a_history_is_changed_by_what_makes_another_of_it() -> None:
    async with joined() as (session, far_end):
        await far_end.say(
            {"type": "conversation.item.added", "item": typed("u", "Hello?")},
            {"type": "conversation.item.added", "item": typed("v", "Bye.")},
        )
        while len((await told(session, HistoryUpdated)).items) < 2:
            pass
        await session.update_history(lambda items: items[1:])
        (delete,) = await far_end.has_received("conversation.item.delete")
        assert delete["item_id"] == "u"
        assert [item.item_id for item in session.history] == ["u", "v"]
        await far_end.say({"type": "conversation.item.deleted", "item_id": "u"})
        await told(session, HistoryUpdated)
        assert [item.item_id for item in session.history] == ["v"]
