"""Reconnecting: a conversation that outlives its connection."""

import asyncio
import os
from datetime import UTC, datetime

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    ConnectionLost,
    Disconnected,
    Endpoint,
    HistoryUpdated,
    RealtimeAgent,
    RealtimeSession,
    Reconnected,
    RotationSettings,
    SessionExpiring,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


def unix_s() -> float:
    """Return what the endpoint counts ``expires_at`` in."""
    return datetime.now(UTC).timestamp()


async def main() -> None:
    rotation = RotationSettings(rotate_margin_s=300, idle_grace_s=30, attempts=6)
    session = RealtimeSession(RealtimeAgent("Desk"), rotation=rotation, wall_clock=unix_s)
    await session.connect(ENDPOINT)
    try:
        await session.send_message("say:Your number is twelve.")
        reason = ""
        async for event in session.events():
            match event:
                case AgentTranscript():
                    print("agent:", event.text)
                case SessionExpiring():
                    print(f"expires in {event.in_s:.0f} s")
                case ConnectionLost():
                    print("lost:", event.close_code)
                case Reconnected():
                    reason = event.reason
                case HistoryUpdated() if reason and len(event.items) == 2:
                    print("retold:", *(type(item).__name__ for item in event.items))
                    break
                case Disconnected():
                    print("given up:", event.reason)
    finally:
        await session.close()


asyncio.run(main())
