"""Interrupting: the endpoint learns how much was heard, to the millisecond."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AudioDelta,
    AudioInterrupted,
    Endpoint,
    ItemTruncated,
    PlaybackTracker,
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
    tracker = PlaybackTracker()
    session = RealtimeSession(RealtimeAgent("Desk"), playback=tracker)
    await session.connect(ENDPOINT)
    try:
        await session.send_message("long:100")
        received_ms = 0
        async for event in session.events():
            match event:
                case AudioDelta() if received_ms < 300:
                    received_ms += len(event.audio) // 48
                    if received_ms >= 300:
                        # A sound card would say this bit by bit, as it plays.
                        tracker.on_play_ms(event.item_id, event.content_index, 120)
                        await session.interrupt()
                case AudioInterrupted():
                    print(f"heard {event.heard_ms} ms")
                case ItemTruncated():
                    print(f"the endpoint cut it at {event.audio_end_ms} ms")
                    break
                case ResponseDone():
                    print("response:", event.status)
    finally:
        await session.close()


asyncio.run(main())
