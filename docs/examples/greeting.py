"""A greeting: the agent speaks first, without anybody having said anything."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def main() -> None:
    session = RealtimeSession(RealtimeAgent("Desk"))
    await session.connect(ENDPOINT)
    try:
        await session.create_response("Say exactly: Welcome to the shop.")
        async for event in session.events():
            if isinstance(event, AgentTranscript):
                print("agent:", event.text)
                break
    finally:
        await session.close()


asyncio.run(main())
