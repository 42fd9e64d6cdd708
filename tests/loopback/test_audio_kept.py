"""What was said is kept, and can be fetched."""

from __future__ import annotations

from base64 import b64decode, b64encode

import numpy as np

from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from tests.engine.speech import pause, speech

from .client import DESK, PCMU, Client, Json, connected

DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
MANUAL: Json = {"audio": {"input": {"format": PCMU, "turn_detection": None}}}


async def kept(client: Client, item_id: str) -> bytes:
    """Return the audio of an item as the engine has it."""
    await client.send("conversation.item.retrieve", item_id=item_id)
    item = (await client.until("conversation.item.retrieved"))["item"]
    return b64decode(item["content"][0]["audio"])


async def test_what_a_caller_said_can_be_fetched_as_it_was_sent(engine: str) -> None:
    async with connected(engine, **MANUAL) as client:
        sent = pcm_to_pcmu(speech("Goodbye."))
        await client.send("input_audio_buffer.append", audio=b64encode(sent).decode())
        await client.send("input_audio_buffer.commit")
        item = (await client.until("conversation.item.done"))["item"]
        assert item["content"][0]["audio"] is None
        whole = len(sent) // 256 * 256
        heard = pcmu_to_pcm(await kept(client, item["id"]))
        np.testing.assert_array_equal(heard, pcmu_to_pcm(sent[:whole]))


async def test_what_a_caller_said_comes_in_the_sessions_format(engine: str) -> None:
    async with connected(engine, audio={"input": {"turn_detection": None}}) as client:
        wave = (np.sin(np.arange(24_000) * 0.1) * 8_000).astype("<i2").tobytes()
        await client.send("input_audio_buffer.append", audio=b64encode(wave).decode())
        await client.send("input_audio_buffer.commit")
        item_id = (await client.until("conversation.item.done"))["item"]["id"]
        audio = np.frombuffer(await kept(client, item_id), "<i2")
        assert 900 <= len(audio) / 24 <= 1_000
        assert 5_000 < np.abs(audio).max() < 9_000


async def test_a_turn_found_by_its_sound_can_be_fetched_at_once(engine: str) -> None:
    async with connected(engine, **DESK) as client:
        pcm = np.concatenate([pause(1_000), speech("Goodbye."), pause(900)])
        await client.speak(pcm)
        started = await client.until("input_audio_buffer.speech_started")
        stopped = await client.until("input_audio_buffer.speech_stopped")
        audio = await kept(client, stopped["item_id"])
        heard_ms = stopped["audio_end_ms"] - started["audio_start_ms"]
        assert abs(len(audio) // 8 - heard_ms) < 100
        assert np.abs(pcmu_to_pcm(audio)).max() > 5_000


async def test_what_the_agent_said_can_be_fetched_and_is_cut_with_its_item(engine: str) -> None:
    async with connected(engine, audio={"output": {"format": PCMU}}) as client:
        item_id = (await client.ask("long:5"))["output"][0]["id"]
        sent = client.audio(item_id)
        assert await kept(client, item_id) == sent
        cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 250}
        await client.send("conversation.item.truncate", **cut)
        assert await kept(client, item_id) == sent[: 250 * 8]


async def test_a_transcript_comes_in_pieces_and_then_whole(engine: str) -> None:
    async with connected(engine, **DESK, include=["item.input_audio_transcription.logprobs"]) as (
        client
    ):
        pcm = speech("What are your opening hours?")
        await client.speak(np.concatenate([pause(1_000), pcm, pause(900)]))
        completed = await client.until(COMPLETED)
        deltas = [event for event in client.events if event["type"] == DELTA]
        assert len(deltas) > 2
        assert "".join(event["delta"] for event in deltas) == completed["transcript"]
        assert {event["item_id"] for event in deltas} == {completed["item_id"]}
