"""Ask one question, print the answer and keep its sound: ``answer.pcm``, 24 kHz, 16 bit, mono."""

import asyncio
import os
from pathlib import Path

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    AudioDelta,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
    ResponseDone,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def main() -> None:
    agent = RealtimeAgent("Desk", instructions="You are brief and friendly.")
    session = RealtimeSession(agent)
    await session.connect(ENDPOINT)
    try:
        await session.send_message("say:Good morning.")
        sound = bytearray()
        async for event in session.events():
            match event:
                case AudioDelta():
                    sound += event.audio
                case AgentTranscript():
                    print("agent:", event.text)
                case ResponseDone():
                    break
        await asyncio.to_thread(Path("answer.pcm").write_bytes, sound)
        print(f"{len(sound) // 48} ms of sound, {session.usage.total_tokens} tokens")
    finally:
        await session.close()


asyncio.run(main())
