"""An official SDK hears the engine, speaks to it, and interrupts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sipagent.audio.resample import resample
from tests.engine.speech import RATE_HZ, pause, speech

from .peer import PEER_TESTS, Peer
from .recorder import Recorder

pytestmark = PEER_TESTS

PCM_RATE_HZ = 24_000
PCM_BYTES_PER_MS = 48
NOT_INTERRUPTING = {"type": "semantic_vad", "interrupt_response": False}
CHUNK_BYTES = 40 * PCM_BYTES_PER_MS


@pytest.fixture(scope="session")
def question(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file of speech, as the SDKs send it by default: 24 kHz PCM."""
    words = speech("What are your opening hours on Saturday?")
    call = np.concatenate([pause(1_000), words, pause(1_500)])
    path: Path = tmp_path_factory.mktemp("speech") / "question.pcm"
    path.write_bytes(resample(call, RATE_HZ, PCM_RATE_HZ).astype("<i2").tobytes())
    return str(path)


async def agent_speaks(peer: Peer, wire: Recorder, **options: Any) -> None:
    """Begin a session in which the agent speaks for long, and is heard."""
    await peer.connect(wire.url, script="desk", **options)
    peer.do("send_message", text="long:200")
    for _ in range(5):
        await peer.until("audio")


async def is_truncated(wire: Recorder) -> None:
    """Check that the SDK told how much was heard, and that the engine took it."""
    truncated = await wire.until("conversation.item.truncated")
    (asked,) = wire.of("conversation.item.truncate")
    assert truncated["item_id"] == asked["item_id"]
    assert truncated["audio_end_ms"] == asked["audio_end_ms"]
    received_ms = wire.audio_bytes(asked["item_id"]) // PCM_BYTES_PER_MS
    assert 0 < asked["audio_end_ms"] <= received_ms


async def test_typed_words_are_answered_aloud(peer: Peer, wire: Recorder) -> None:
    await peer.connect(wire.url)
    await peer.ask("say:Good evening.")
    order = [event["told"] for event in peer.told if event["told"] != "history"]
    assert list(dict.fromkeys(order)) == [
        *("connected", "agent_start", "audio", "audio_end", "agent_end")
    ]
    user, agent = peer.history()
    assert (user["role"], agent["role"]) == ("user", "assistant")
    assert agent["content"][0]["transcript"] == "Good evening."
    told_bytes = sum(event["bytes"] for event in peer.all("audio"))
    assert told_bytes == wire.audio_bytes(agent["item_id"]) > 500 * PCM_BYTES_PER_MS


async def test_a_spoken_question_is_understood_and_answered(
    peer: Peer, wire: Recorder, question: str
) -> None:
    await peer.connect(wire.url, script="desk")
    peer.do("send_audio", path=question, chunk_bytes=CHUNK_BYTES)
    await peer.until("tool_start", tool="opening_hours", arguments={"day": "saturday"})
    await peer.hears("We are open ten to two on saturday.")
    (user,) = [item for item in peer.history() if item.get("role") == "user"]
    (heard,) = user["content"]
    assert heard["type"] == "input_audio"
    assert heard["transcript"] == "what are your opening hours on saturday"
    assert peer.all("error") == []


async def test_a_turn_ends_where_the_sdk_says(peer: Peer, wire: Recorder, question: str) -> None:
    await peer.connect(wire.url, script="desk", turn_detection=None)
    peer.do("send_audio", path=question, chunk_bytes=CHUNK_BYTES, commit=True)
    await wire.until("input_audio_buffer.committed")
    assert wire.of("response.created") == []
    peer.do("send_event", event={"type": "response.create"})
    await peer.hears("We are open ten to two on saturday.")
    assert wire.of("input_audio_buffer.speech_started") == []
    assert peer.all("error") == []


async def test_a_caller_who_speaks_interrupts(peer: Peer, wire: Recorder, question: str) -> None:
    await agent_speaks(peer, wire)
    peer.do("send_audio", path=question, chunk_bytes=CHUNK_BYTES)
    await peer.until("audio_interrupted")
    await is_truncated(wire)
    done = await wire.until("response.done")
    assert done["response"]["status_details"]["reason"] == "turn_detected"
    assert wire.of("response.cancel") == []
    await peer.hears("We are open ten to two on saturday.")
    assert peer.all("error") == []


async def test_an_sdk_that_must_interrupts_by_itself(
    peer: Peer, wire: Recorder, question: str
) -> None:
    await agent_speaks(peer, wire, turn_detection=NOT_INTERRUPTING)
    peer.do("send_audio", path=question, chunk_bytes=CHUNK_BYTES)
    await peer.until("audio_interrupted")
    await is_truncated(wire)
    done = await wire.until("response.done")
    assert done["response"]["status_details"]["reason"] == "client_cancelled"
    await peer.hears("We are open ten to two on saturday.")
    assert peer.all("error") == []


async def test_the_user_of_the_sdk_interrupts(peer: Peer, wire: Recorder) -> None:
    # Where the engine interrupts, the Python SDK truncates only, and lets the response go on.
    await agent_speaks(peer, wire, turn_detection=NOT_INTERRUPTING)
    peer.do("interrupt")
    await peer.until("audio_interrupted")
    await is_truncated(wire)
    done = await wire.until("response.done")
    assert done["response"]["status_details"]["reason"] == "client_cancelled"
    order = wire.types("response.cancel", "conversation.item.truncate")
    assert sorted(order) == ["conversation.item.truncate", "response.cancel"]
    await peer.ask("say:On we go.")
    await peer.hears("On we go.")
    assert len(peer.all("audio_interrupted")) == 1
    assert peer.all("error") == []


@pytest.mark.parametrize("program", ["python"], indirect=True)  # the other does not tell
async def test_a_silent_caller_is_asked_again(peer: Peer, wire: Recorder) -> None:
    idle = {"type": "server_vad", "idle_timeout_ms": 5_000}
    await peer.connect(wire.url, script="desk", turn_detection=idle)
    await peer.ask("say:Hello?")
    await peer.until("timeout")
    await peer.until("agent_end")
    assert peer.all("error") == []
