"""What is heard on a call, and what its clients are told of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.level import dbov
from tests.loopback.client import Client, Json, tool_calls, words
from tests.loopback.conftest import NOW

from .speech import pause, speech
from .switchboard import Call, Switchboard, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "What are your opening hours on Saturday?"
HOURS: Json = {"type": "function", "name": "opening_hours"}
TRANSCRIBED: Json = {"transcription": {"model": "any"}}


def turn(text: str) -> Pcm:
    return np.concatenate([pause(1_000), speech(text), pause(900)])


def listening(**detection: Any) -> Json:
    """Return ``audio`` of a session that transcribes and detects turns so."""
    wire = {"type": "server_vad", **detection}
    return {"input": {**TRANSCRIBED, "turn_detection": wire}}


async def item_of(client: Client) -> str:
    """Return the id of the agent's item that is done next."""
    event = await client.until("response.output_audio.done")
    item_id: str = event["item_id"]
    return item_id


async def transcript_of(client: Client, item_id: str) -> str:
    await client.send("conversation.item.retrieve", item_id=item_id)
    retrieved = await client.until("conversation.item.retrieved")
    transcript: str = retrieved["item"]["content"][0]["transcript"]
    return transcript


def about_playing(client: Client) -> list[tuple[str, str]]:
    """Return what was told of the output buffer: event and response, in order."""
    prefix = "output_audio_buffer."
    told = [event for event in client.events if event["type"].startswith(prefix)]
    return [(event["type"].removeprefix(prefix), event["response_id"]) for event in told]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
async def test_a_greeting_is_heard_on_the_leg_and_not_on_the_wire(
    board: Switchboard, rate_hz: int
) -> None:
    call = board.ring(rate_hz)
    await call.accept()
    async with call.control() as client:
        await client.send("response.create")
        response = await client.done()
        (item,) = response["output"]
        assert words(response) == ["Reception here."]
        assert "response.output_audio.delta" not in client.types()
        assert "response.output_audio_transcript.delta" in client.types()
        call.leg.play_out()
        await client.until("output_audio_buffer.started", response_id=response["id"])
        await client.until("output_audio_buffer.stopped", response_id=response["id"])
        assert dbov(call.leg.pcm) > -40
        assert 700 < call.leg.pushed[item["id"]] < 3_000
        assert call.leg.heard(item["id"]) == pytest.approx(call.leg.pushed[item["id"]], abs=20)


async def test_a_response_that_is_heard_before_it_is_done_stops_after_it(
    board: Switchboard,
) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        await client.type_in("long:5")
        await until(lambda: call.leg.pushed)
        call.leg.play(100)
        await client.until("output_audio_buffer.started")
        response = await client.done()
        call.leg.play_out()
        await client.until("output_audio_buffer.stopped", response_id=response["id"])


async def test_a_caller_is_heard_and_answered(board: Switchboard) -> None:
    for rate_hz in (8_000, 16_000):
        call = board.ring(rate_hz)
        await call.accept(audio={"input": TRANSCRIBED}, tools=[HOURS])
        async with call.control() as client:
            call.leg.speak(turn(QUESTION))
            started = await client.until("input_audio_buffer.speech_started")
            stopped = await client.until("input_audio_buffer.speech_stopped")
            committed = await client.until("input_audio_buffer.committed")
            assert started["audio_start_ms"] < 1_000 < stopped["audio_end_ms"]
            assert started["item_id"] == committed["item_id"]
            assert tool_calls(await client.done()) == [("opening_hours", {"day": "saturday"})]


async def interrupted(call: Call, client: Client, *, made: str, heard_ms: int) -> str:
    """Let the agent say something, and the caller speak into it; return the item's id."""
    await client.type_in(made)
    await until(lambda: sum(call.leg.pushed.values()) >= heard_ms + 200)
    call.leg.play(heard_ms)
    await client.until("output_audio_buffer.started")
    call.leg.speak(np.concatenate([pause(1_000), speech(QUESTION)]))
    await client.until("input_audio_buffer.speech_started")
    (item_id,) = call.leg.pushed
    return item_id


async def test_a_caller_who_speaks_cuts_off_what_is_being_made(board: Switchboard) -> None:
    call = board.ring()
    await call.accept(audio=listening())
    async with call.control() as client:
        item_id = await interrupted(call, client, made="long:999", heard_ms=240)
        cleared = await client.until("output_audio_buffer.cleared")
        cut = await client.until("conversation.item.truncated")
        response = await client.done()
        assert (cut["item_id"], cut["content_index"], cut["audio_end_ms"]) == (item_id, 0, 240)
        assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        assert cleared["response_id"] == response["id"]
        assert words(response) == [""]
        assert await transcript_of(client, item_id) == ""
        pushed = dict(call.leg.pushed)
        call.leg.play_out()
        assert call.leg.heard(item_id) == 240
        assert call.leg.pushed == pushed
        assert [name for name, _ in about_playing(client)] == ["started", "cleared"]


async def test_a_caller_who_speaks_cuts_off_what_is_made_already(board: Switchboard) -> None:
    call = board.ring()
    await call.accept(audio=listening())
    async with call.control() as client:
        said = "say:This is a long answer that goes on and on for quite some time."
        response = await client.ask(said)
        call.leg.play(500)
        call.leg.speak(np.concatenate([pause(1_000), speech(QUESTION)]))
        cleared = await client.until("output_audio_buffer.cleared")
        cut = await client.until("conversation.item.truncated")
        assert cleared["response_id"] == response["id"]
        assert cut["item_id"] == response["output"][0]["id"]
        assert cut["audio_end_ms"] == 500
        assert await transcript_of(client, cut["item_id"]) == ""


async def test_an_agent_who_must_not_be_interrupted_is_heard_to_the_end(
    board: Switchboard,
) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        audio = listening(interrupt_response=False, create_response=False)
        await client.update(audio=audio)
        item_id = await interrupted(call, client, made="long:20", heard_ms=240)
        response = await client.done()
        assert response["status"] == "completed"
        call.leg.play_out()
        await client.until("output_audio_buffer.stopped", response_id=response["id"])
        assert call.leg.heard(item_id) >= 2_000
        assert "conversation.item.truncated" not in client.types()


async def test_a_client_clears_what_is_being_said(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        await client.type_in("long:999")
        await until(lambda: sum(call.leg.pushed.values()) >= 400)
        call.leg.play(300)
        await client.until("output_audio_buffer.started")
        await client.send("output_audio_buffer.clear")
        cleared = await client.until("output_audio_buffer.cleared")
        cut = await client.until("conversation.item.truncated")
        response = await client.done()
        assert cleared["response_id"] == response["id"]
        assert cut["audio_end_ms"] == 300
        assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        assert words(await client.ask("say:On we go.")) == ["On we go."]


async def test_clearing_what_was_heard_cuts_nothing(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        response = await client.ask("say:Hello.")
        call.leg.play_out()
        await client.until("output_audio_buffer.stopped")
        await client.send("output_audio_buffer.clear")
        assert await transcript_of(client, response["output"][0]["id"]) == "Hello."
        assert [name for name, _ in about_playing(client)] == ["started", "stopped"]


async def test_what_is_cleared_before_the_leg_is_answered_is_never_heard(
    board: Switchboard,
) -> None:
    call = board.ring()
    assert (await call.post("accept", {"type": "realtime"}))[0] == 200
    async with call.control() as client:
        response = await client.ask("say:Never.")
        await client.send("output_audio_buffer.clear")
        await client.until("output_audio_buffer.cleared", response_id=response["id"])
        assert (await client.until("conversation.item.truncated"))["audio_end_ms"] == 0
        call.leg.connected()
        call.leg.press("1")
        await client.until("input_audio_buffer.dtmf_event_received")
        assert call.leg.pushed == {}


async def test_a_key_is_told_without_an_id(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        call.leg.press("#")
        told = await client.until("input_audio_buffer.dtmf_event_received")
        assert told == {
            "type": "input_audio_buffer.dtmf_event_received",
            "event": "#",
            "received_at": NOW,
        }


@pytest.mark.parametrize(
    ("name", "fields"),
    [("input_audio_buffer.append", {"audio": "AAAA"}), ("input_audio_buffer.commit", {})],
)
async def test_a_client_of_a_call_sends_no_audio(
    board: Switchboard, name: str, fields: Json
) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        error = await client.error_of(name, event_id="mine", **fields)
        assert (error["type"], error["event_id"]) == ("invalid_request_error", "mine")
        assert "hears the caller" in error["message"]


async def test_words_out_of_band_are_heard_and_leave_no_item(board: Switchboard) -> None:
    call = board.ring()
    await call.accept()
    async with call.control() as client:
        overrides = {"conversation": "none", "instructions": "Say exactly: One moment please."}
        await client.send("response.create", response=overrides)
        response = await client.done()
        call.leg.play(200)
        await client.until("output_audio_buffer.started", response_id=response["id"])
        await client.send("output_audio_buffer.clear")
        await client.until("output_audio_buffer.cleared", response_id=response["id"])
        await client.update(instructions="On we go.")
        assert "conversation.item.truncated" not in client.types()


async def test_an_answer_in_text_plays_nothing(board: Switchboard) -> None:
    call = board.ring()
    await call.accept(output_modalities=["text"])
    async with call.control() as client:
        await client.ask("say:Hello.")
        await client.update(instructions="On we go.")
        assert call.leg.pushed == {}
        assert about_playing(client) == []
