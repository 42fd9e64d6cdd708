"""Moderate first: the model answers only what the program has looked at.

python moderate_first.py question.wav     24 kHz, 16 bit, mono
"""

import asyncio
import os
import sys
import wave

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
    SessionOptions,
    UserTranscript,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)

OPTIONS = SessionOptions(
    turn_detection={"type": "server_vad", "create_response": False, "interrupt_response": False}
)


async def moderate(session: RealtimeSession, turn: UserTranscript) -> None:
    """Have a turn answered, or take it out of the conversation."""
    if "joke" in turn.text.lower():
        await session.send_event({"type": "conversation.item.delete", "item_id": turn.item_id})
        await session.create_response("Say exactly: Let us talk about something else.")
    else:
        await session.create_response()


async def main() -> None:
    with wave.open(sys.argv[1]) as file:
        sound = file.readframes(file.getnframes())
    session = RealtimeSession(RealtimeAgent("Desk", prompt={"id": "shop"}), OPTIONS)
    await session.connect(ENDPOINT)
    try:
        for start in range(0, len(sound), 960):
            await session.append_audio(sound[start : start + 960])
        async for event in session.events():
            match event:
                case UserTranscript():
                    print("caller:", event.text)
                    await moderate(session, event)
                case AgentTranscript():
                    print("agent:", event.text)
                    break
    finally:
        await session.close()


asyncio.run(main())
