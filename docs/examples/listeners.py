"""Listeners: functions by name of event, plain or async, beside or instead of ``events()``."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    HistoryAdded,
    RealtimeAgent,
    RealtimeSession,
    ResponseDone,
    SessionOptions,
    TransportEvent,
    UsageReported,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def main() -> None:
    is_over = asyncio.Event()
    types: set[str] = set()

    def added(event: HistoryAdded) -> None:
        print("item:", type(event.item).__name__)

    async def said(event: AgentTranscript) -> None:
        print("agent:", event.text)

    def came(event: TransportEvent) -> None:
        types.add(event.raw["type"])

    def counted(event: UsageReported) -> None:
        print("tokens counted:", event.total.total_tokens > 0)

    def done(event: ResponseDone) -> None:
        print("response:", event.status)
        session.off("response_done", done)
        is_over.set()

    session = RealtimeSession(RealtimeAgent("Desk"), SessionOptions(transport_events=True))
    session.on("history_added", added)
    session.on("agent_transcript", said)
    session.on("transport_event", came)
    session.on("usage", counted)
    session.on("response_done", done)
    await session.connect(ENDPOINT)
    try:
        await session.send_message("say:Hello.")
        await is_over.wait()
    finally:
        await session.close()
    print("as it came:", "response.output_audio.delta" in types)


asyncio.run(main())
