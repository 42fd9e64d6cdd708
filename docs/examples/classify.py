"""Classify on the side: a second response, outside the conversation, while the first is made."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
    SessionOptions,
    TransportEvent,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def main() -> None:
    session = RealtimeSession(RealtimeAgent("Desk"), SessionOptions(transport_events=True))
    await session.connect(ENDPOINT)
    try:
        await session.send_message("say:I will look that up for you.")
        await session.create_response(
            "Say exactly: complaint",
            conversation="none",
            metadata={"for": "topic"},
            output_modalities=["text"],
            input=[],
        )
        told = set()
        async for event in session.events():
            match event:
                case AgentTranscript():
                    print("agent:", event.text)
                    told.add("answer")
                case TransportEvent(raw={"type": "response.done", "response": response}):
                    if (response["metadata"] or {}).get("for") == "topic":
                        print("topic:", response["output"][0]["content"][0]["text"])
                        told.add("topic")
            if len(told) == 2:
                break
        print("items:", len(session.history))
    finally:
        await session.close()


asyncio.run(main())
