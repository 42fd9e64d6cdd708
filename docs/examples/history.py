"""History: what was said, as the endpoint has it, and how to change it."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AssistantMessage,
    Endpoint,
    HistoryUpdated,
    RealtimeAgent,
    RealtimeSession,
    ResponseDone,
    UserMessage,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


def show(session: RealtimeSession) -> None:
    """Print who said what."""
    for item in session.history:
        match item:
            case UserMessage() | AssistantMessage():
                said = " ".join(
                    getattr(part, "text", None) or getattr(part, "transcript", None) or ""
                    for part in item.content
                )
                print(f"{item.ROLE}: {said}")
            case _:
                print(type(item).__name__)


async def until_length(session: RealtimeSession, length: int) -> None:
    """Wait until the endpoint has confirmed a history of so many items."""
    async for event in session.events():
        if isinstance(event, HistoryUpdated) and len(event.items) == length:
            return


async def main() -> None:
    session = RealtimeSession(RealtimeAgent("Desk"))
    await session.connect(ENDPOINT)
    try:
        await session.send_message("say:My secret is seven.")
        async for event in session.events():
            if isinstance(event, ResponseDone):
                break
        show(session)

        # Forget the answer, and begin with what is known of the caller from another call.
        known = {
            "item_id": "known_1",
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "The caller is Anna."}],
        }
        await session.update_history(lambda items: [known, items[0]])
        await until_length(session, 1)
        await until_length(session, 2)
        show(session)
    finally:
        await session.close()


asyncio.run(main())
