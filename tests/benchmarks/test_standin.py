"""The stand-in endpoint, used by the session it is to measure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from benchmarks.onset import EnergyOnset
from benchmarks.standin import StandInSession, standin
from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.formats import AudioFormat
from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.playout import Heard
from sipagent.audio.tones import tone
from sipagent.realtime import events
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from sipagent.realtime.transport import Endpoint

E = TypeVar("E", bound=events.SessionEvent)

PCMU = AudioFormat.PCMU.to_wire()


@asynccontextmanager
async def joined() -> AsyncIterator[tuple[RealtimeSession, StandInSession]]:
    """Connect a session of ours to a stand-in."""
    async with standin() as endpoint:
        session = RealtimeSession(RealtimeAgent("Bench", ""), SessionOptions(PCMU, PCMU))
        await session.connect(Endpoint(endpoint.url, "stand-in"))
        try:
            yield session, await endpoint.sessions.get()
        finally:
            await session.close()


async def told(session: RealtimeSession, kind: type[E]) -> E:
    """Wait for an event of ``kind``; those before it are dropped."""
    async for event in session.events():
        if isinstance(event, kind):
            return event
    raise AssertionError(f"gone before {kind.__name__}")


async def test_it_confirms_the_configuration_it_was_given() -> None:
    async with joined() as (_, far_end):
        assert far_end.config["audio"]["input"]["format"] == PCMU


async def test_what_it_says_arrives_whole() -> None:
    async with joined() as (session, far_end):
        said = await far_end.say(bytes(range(256)) * 10)
        audio = b""
        async for event in session.events():
            if isinstance(event, events.AudioDelta):
                assert event.item_id == said.item_id
                audio += event.audio
            elif isinstance(event, events.ResponseDone):
                assert event.status == "completed"
                break
        assert audio == bytes(range(256)) * 10


async def test_it_notes_what_was_heard_of_an_answer() -> None:
    async with joined() as (session, far_end):
        said = await far_end.say(bytes(1_600), leave_open=True)
        await told(session, events.AudioDelta)
        await session.interrupt([Heard(said.item_id, 0, 60, 200, False)], cancel=True)
        truncated = await told(session, events.ItemTruncated)
        assert truncated.item_id == said.item_id
        assert far_end.cancels == 1
        assert [each.audio_end_ms for each in far_end.truncates] == [60]
        assert far_end.errors == []


async def test_it_hears_a_caller_once_the_level_was_high_long_enough() -> None:
    async with joined() as (session, far_end):
        far_end.onset = EnergyOnset(onset_ms=60)
        for _ in range(3):
            await session.append_audio(pcm_to_pcmu(tone(425, 20, 8_000)))
        await told(session, events.SpeechStarted)
        assert len(far_end.appends) == 3
        assert len(far_end.speech_started_at) == 1
        await far_end.stop_speech()
        await told(session, events.SpeechStopped)


async def test_it_answers_when_asked_and_outlives_its_client() -> None:
    async with standin() as endpoint:
        for _ in range(2):
            session = RealtimeSession(RealtimeAgent("Bench", ""), SessionOptions(PCMU, PCMU))
            await session.connect(Endpoint(endpoint.url, "stand-in"))
            await session.create_response("Say hello.")
            await told(session, events.ResponseDone)
            await session.close()
            await asyncio.wait_for(endpoint.sessions.get(), 5)
