"""Push to talk: no voice activity detection, the program says when a turn begins and ends.

python push_to_talk.py question.wav     24 kHz, 16 bit, mono
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


async def press_and_speak(session: RealtimeSession, sound: bytes) -> None:
    """Do what a key does when it goes down, is held, and goes up."""
    await session.interrupt()
    await session.send_event({"type": "input_audio_buffer.clear"})
    for start in range(0, len(sound), 960):  # 20 ms
        await session.send_audio(sound[start : start + 960])
    await session.send_event({"type": "input_audio_buffer.commit"})
    await session.create_response()


async def main() -> None:
    with wave.open(sys.argv[1]) as file:
        sound = file.readframes(file.getnframes())
    # The prompt is one that is stored at the endpoint; for the embedded engine, a script.
    agent = RealtimeAgent("Desk", prompt={"id": "shop"})
    session = RealtimeSession(agent, SessionOptions(turn_detection=None))
    await session.connect(ENDPOINT)
    try:
        await press_and_speak(session, sound)
        told = set()
        async for event in session.events():
            match event:
                case UserTranscript():
                    print("caller:", event.text)
                case AgentTranscript():
                    print("agent:", event.text)
                case _:
                    continue
            told.add(type(event))
            if len(told) == 2:
                break
    finally:
        await session.close()


asyncio.run(main())
