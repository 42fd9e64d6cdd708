"""A caller who really speaks to the engine: heard, understood, answered, and let through."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu
from tests.engine.speech import pause, speech

from .client import DESK, Client, Json, connected, tool_calls, words

COMPLETED = "conversation.item.input_audio_transcription.completed"
HOURS: Json = {"type": "function", "name": "opening_hours"}
QUESTION = "What are your opening hours on Saturday?"


LEAD_MS, TAIL_MS = 1_000, 900


def call(text: str) -> Pcm:
    return np.concatenate([pause(LEAD_MS), speech(text), pause(TAIL_MS)])


def desk(**detection: Any) -> Json:
    """Return a session of the desk with a tool; its turn detection changed so."""
    session: Json = {**deepcopy(DESK), "tools": [HOURS]}
    if detection:
        wire = {"type": "server_vad", **detection}
        session["audio"]["input"]["turn_detection"] = wire
    return session


def manual() -> Json:
    """Return a session whose client tells where turns end."""
    session = desk()
    session["audio"]["input"]["turn_detection"] = None
    return session


async def transcript(client: Client) -> str:
    text: str = (await client.until(COMPLETED))["transcript"]
    return text


async def test_a_question_is_heard_understood_and_answered(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        await client.speak(call(QUESTION))
        response = await client.done()
        assert tool_calls(response) == [("opening_hours", {"day": "saturday"})]
        output = {"type": "function_call_output", "output": "ten to two"}
        await client.create({**output, "call_id": response["output"][0]["call_id"]})
        await client.send("response.create")
        assert words(await client.done()) == ["We are open ten to two."]


async def test_a_turn_is_told_from_its_start_to_its_words(engine: str) -> None:
    async with connected(engine, **desk(create_response=False)) as client:
        await client.speak(call(QUESTION))
        started = await client.until("input_audio_buffer.speech_started")
        stopped = await client.until("input_audio_buffer.speech_stopped")
        committed = await client.until("input_audio_buffer.committed")
        added = await client.until("conversation.item.added")
        done = await client.until("conversation.item.done")
        completed = await client.until(COMPLETED)
        assert started["audio_start_ms"] < LEAD_MS < stopped["audio_end_ms"]
        assert completed["transcript"] == "what are your opening hours on saturday"
        assert completed["usage"]["seconds"] == pytest.approx(
            (stopped["audio_end_ms"] - started["audio_start_ms"]) / 1000, abs=0.1
        )
        ids = {event["item_id"] for event in (started, stopped, committed, completed)}
        assert ids == {added["item"]["id"]} == {done["item"]["id"]}
        assert added["item"]["role"] == "user"
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        assert "response.created" not in client.types()


async def test_a_caller_who_speaks_cuts_the_agent_off_and_is_answered(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        await client.type_in("long:999")
        await client.until("response.output_audio.delta")
        await client.speak(np.concatenate([pause(LEAD_MS), speech(QUESTION)]))
        started = await client.until("input_audio_buffer.speech_started")
        response = await client.done()
        await client.speak(pause(TAIL_MS))
        assert response["status"] == "cancelled"
        assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
        (item,) = response["output"]
        assert item["status"] == "incomplete"
        assert 0 < len(client.audio(item["id"])) // 8 < 50_000
        committed = await client.until("input_audio_buffer.committed")
        assert committed["item_id"] == started["item_id"]
        assert committed["previous_item_id"] == item["id"]
        assert await transcript(client) == "what are your opening hours on saturday"
        assert tool_calls(await client.done()) == [("opening_hours", {"day": "saturday"})]


async def test_an_agent_who_must_not_be_interrupted_speaks_to_the_end(engine: str) -> None:
    async with connected(engine, **desk(interrupt_response=False)) as client:
        await client.type_in("long:20")
        await client.until("response.output_audio.delta")
        await client.speak(call(QUESTION))
        await client.until("input_audio_buffer.speech_started")
        assert (await client.done())["status"] == "completed"
        assert tool_calls(await client.done()) == [("opening_hours", {"day": "saturday"})]


async def test_a_client_may_cancel_without_anybody_speaking(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        await client.type_in("long:999")
        await client.until("response.output_audio.delta")
        await client.send("response.cancel")
        response = await client.done()
        assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        assert response["output"][0]["status"] == "incomplete"
        error = await client.error_of("response.cancel", event_id="late")
        assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "late")
        assert words(await client.ask("say:On we go.")) == ["On we go."]


async def test_two_callers_at_once_are_each_understood(engine: str) -> None:
    async with connected(engine, **desk()) as one, connected(engine, **desk()) as two:
        await asyncio.gather(
            one.speak(call("When are you open on Monday?")),
            two.speak(call("I have a question about my invoice.")),
        )
        texts = await asyncio.gather(transcript(one), transcript(two))
        assert texts[0] == "when are you open on monday"
        assert texts[1] == "i have a question about my invoice"


async def test_a_client_that_commits_asks_for_the_answer_itself(engine: str) -> None:
    async with connected(engine, **manual()) as client:
        await client.speak(call("Thank you, goodbye."))
        await client.send("input_audio_buffer.commit")
        await client.send("response.create")
        assert words(await client.done()) == ["Goodbye!"]
        assert "input_audio_buffer.speech_started" not in client.types()


async def test_what_was_cleared_was_never_said(engine: str) -> None:
    async with connected(engine, **manual()) as client:
        await client.speak(call("Thank you, goodbye."))
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        error = await client.error_of("input_audio_buffer.commit", event_id="mine")
        assert (error["code"], error["event_id"]) == ("input_audio_buffer_commit_empty", "mine")
        await client.send("response.create")
        assert words(await client.done()) == ["Reception here."]


async def test_a_turn_under_way_may_be_committed_and_is_heard_once(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        await client.speak(np.concatenate([pause(LEAD_MS), speech(QUESTION)]))
        started = await client.until("input_audio_buffer.speech_started")
        await client.send("input_audio_buffer.commit")
        committed = await client.until("input_audio_buffer.committed")
        assert committed["item_id"] == started["item_id"]
        assert await transcript(client) == "what are your opening hours on saturday"
        assert "input_audio_buffer.speech_stopped" not in client.types()


async def test_a_turn_under_way_that_is_cleared_is_never_told(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        await client.speak(np.concatenate([pause(LEAD_MS), speech(QUESTION)]))
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        await client.speak(call("Goodbye."))
        assert await transcript(client) == "goodbye"
        assert words(await client.done()) == ["Goodbye!"]


async def test_a_caller_who_goes_on_gets_one_answer_to_all_of_it(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        both = np.concatenate([call("I have a question"), call(QUESTION)])
        audio = b64encode(pcm_to_pcmu(both)).decode()
        await client.send("input_audio_buffer.append", audio=audio)
        assert tool_calls(await client.done()) == [("opening_hours", {"day": "saturday"})]
        assert words(await client.ask("say:Is that all?")) == ["Is that all?"]
        types = [event["type"] for event in client.events]
        assert types.count("input_audio_buffer.committed") == 2
        assert types.count("response.created") == 2


async def test_what_nobody_could_understand_is_asked_for_again(engine: str) -> None:
    async with connected(engine, **desk()) as client:
        nonsense = np.concatenate([speech("Aah"), speech("ooh"), speech("Aah")])
        await client.speak(np.concatenate([pause(LEAD_MS), nonsense, pause(TAIL_MS)]))
        assert words(await client.done()) == ["Sorry?"]


async def test_without_transcription_a_caller_is_answered_all_the_same(engine: str) -> None:
    session = desk()
    session["audio"]["input"]["transcription"] = None
    async with connected(engine, **session) as client:
        await client.speak(call("Thank you, goodbye."))
        assert words(await client.done()) == ["Goodbye!"]
        assert COMPLETED not in client.types()
