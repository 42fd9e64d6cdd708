"""Our own client against our own engine: tools, handoffs, interruptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import ToolContext, function_tool
from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.realtime import events
from sipagent.realtime.events import SessionEvent
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession
from sipagent.realtime.transport import Endpoint
from tests.engine.speech import pause, speech
from tests.realtime.joined import told

from .client import PCMU


async def opening_hours(context: ToolContext, day: str = "today") -> str:
    """Tell when we are open."""
    return f"nine to five on {day}"


def desk() -> RealtimeAgent:
    """Return the two of the script, who can hand over to each other."""
    reception = RealtimeAgent(
        "Reception", tools=[function_tool(opening_hours)], voice="marin", prompt={"id": "desk"}
    )
    billing = {"id": "desk", "variables": {"agent": "Billing"}}
    reception.handoffs = [RealtimeAgent("Billing", handoffs=[reception], prompt=billing)]
    return reception


@asynccontextmanager
async def calling(engine: str) -> AsyncIterator[RealtimeSession]:
    """Open a session of a telephone call."""
    options = SessionOptions(PCMU, PCMU, transcription={"model": "any"})
    session = RealtimeSession(desk(), options)
    await session.connect(Endpoint(engine, "any"))
    try:
        yield session
    finally:
        await session.close()


def call(text: str) -> Pcm:
    return np.concatenate([pause(1_000), speech(text), pause(900)])


async def speak(session: RealtimeSession, pcm: Pcm) -> None:
    """Say something, in frames as of a telephone."""
    data = pcm_to_pcmu(pcm)
    for start in range(0, len(data), 160):
        await session.append_audio(data[start : start + 160])


async def agent_says(session: RealtimeSession) -> str:
    return (await told(session, events.AgentTranscript)).text


async def told_all(
    session: RealtimeSession, *kinds: type[SessionEvent]
) -> dict[type[SessionEvent], SessionEvent]:
    """Return an event of each kind, in whatever order they come."""
    seen: dict[type[SessionEvent], SessionEvent] = {}
    async with asyncio.timeout(5):
        async for event in session.events():
            seen[type(event)] = event
            if seen.keys() >= set(kinds):
                break
    return seen


async def test_a_tool_is_run_and_the_caller_hears_of_it(engine: str) -> None:
    async with calling(engine) as session:
        await speak(session, call("What are your opening hours on Saturday?"))
        heard = await told(session, events.UserTranscript)
        assert heard.text == "what are your opening hours on saturday"
        ended = await told(session, events.ToolEnded)
        assert (ended.name, ended.output) == ("opening_hours", "nine to five on saturday")
        assert await agent_says(session) == "We are open nine to five on saturday."


async def test_a_quick_tool_among_others_is_told_as_all_of_them(engine: str) -> None:
    async with calling(engine) as session:
        hours = 'opening_hours {"day": "%s"}'
        await session.send_message(f"calls:{hours % 'monday'} | {hours % 'friday'}")
        assert await agent_says(session) == "nine to five on monday nine to five on friday"


async def test_a_handoff_keeps_the_formats_and_another_one_goes_on(engine: str) -> None:
    async with calling(engine) as session:
        await session.create_response()
        assert await agent_says(session) == "Reception here."
        await speak(session, call("I have a question about my invoice."))
        handoff = await told(session, events.HandedOff)
        assert (handoff.from_agent, handoff.to_agent) == ("Reception", "Billing")
        delta = await told(session, events.AudioDelta)
        assert 700 < len(delta.audio) <= 800  # 100 ms of G.711, as before
        assert await agent_says(session) == "Billing here."
        assert session.current_agent.name == "Billing"
        await speak(session, call("What are your opening hours?"))
        assert await agent_says(session) == "Which invoice?"


async def test_a_caller_who_speaks_interrupts_and_what_was_not_heard_is_cut(engine: str) -> None:
    async with calling(engine) as session:
        await session.send_message("long:999")
        delta = await told(session, events.AudioDelta)
        await speak(session, call("Thank you, goodbye.")[: -len(pause(900))])
        await told(session, events.SpeechStarted)
        seen = await told_all(session, events.ResponseDone, events.ItemTruncated)
        done, cut = seen[events.ResponseDone], seen[events.ItemTruncated]
        assert isinstance(done, events.ResponseDone) and isinstance(cut, events.ItemTruncated)
        assert (done.status, done.reason) == ("cancelled", "turn_detected")
        assert cut.item_id == delta.item_id
        assert cut.audio_end_ms >= 0  # by the clock, since nobody tells what was played
        await speak(session, pause(900))
        assert await agent_says(session) == "Goodbye!"
