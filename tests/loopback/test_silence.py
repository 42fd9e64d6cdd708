"""A caller who says nothing is asked after a while."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import numpy as np

from sipagent.audio.g711 import pcm_to_pcmu
from tests.engine.speech import pause, speech

from .client import LIMIT_S, PCMU, Json, connected, words

TIMEOUT_MS = 5_000
SILENT: Json = {
    "prompt": {"id": "desk"},
    "audio": {
        "input": {
            "format": PCMU,
            "turn_detection": {"type": "server_vad", "idle_timeout_ms": TIMEOUT_MS},
        }
    },
}


async def test_a_caller_who_says_nothing_is_asked(engine: str) -> None:
    now = asyncio.get_running_loop().time
    async with connected(engine, **SILENT) as client:
        silence = b64encode(pcm_to_pcmu(pause(8_000))).decode()
        await client.send("input_audio_buffer.append", audio=silence)
        response = await client.ask("long:20")
        heard_ms = len(client.audio(response["output"][0]["id"])) // 48
        done_at = now()
        triggered = await client.until("input_audio_buffer.timeout_triggered")
        waited_ms = (now() - done_at) * 1000
        left_ms = heard_ms / 2  # it was sent twice as fast as it is heard
        assert abs(waited_ms - TIMEOUT_MS - left_ms) < 700
        assert triggered["audio_end_ms"] == 8_000
        assert abs(triggered["audio_end_ms"] - triggered["audio_start_ms"] - TIMEOUT_MS) < 200
        committed = await client.until("input_audio_buffer.committed")
        assert committed["item_id"] == triggered["item_id"]
        item = (await client.until("conversation.item.done"))["item"]
        assert (item["id"], item["role"]) == (triggered["item_id"], "user")
        assert words(await client.done()) == ["Sorry?"]
        async with asyncio.timeout(LIMIT_S):  # the next answer starts it again
            await client.until("input_audio_buffer.timeout_triggered")


async def test_a_caller_who_speaks_is_not_asked(engine: str) -> None:
    async with connected(engine, **SILENT) as client:
        await client.ask("long:1")
        question = np.concatenate([pause(1_000), speech("What are your opening hours?")])
        audio = b64encode(pcm_to_pcmu(question)).decode()
        await client.send("input_audio_buffer.append", audio=audio)
        await client.until("input_audio_buffer.speech_started")
        # Out of band, an answer takes its time and is none that the caller would hear.
        item = {"type": "message", "role": "user"}
        content = [{"type": "input_text", "text": f"long:{TIMEOUT_MS // 50 + 10}"}]
        aside = {"conversation": "none", "input": [{**item, "content": content}]}
        await client.send("response.create", response=aside)
        assert (await client.done())["status"] == "completed"
        assert "input_audio_buffer.timeout_triggered" not in client.types()
