"""Tools: a result, a slow one, a failing one, one that keeps the agent quiet, several at once."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    BackgroundResult,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
    ToolContext,
    ToolEnded,
    ToolError,
    background_result,
    function_tool,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def opening_hours(context: ToolContext, day: str = "today") -> str:
    """Tell when we are open.

    Args:
        day: Day of the week, in English.
    """
    return f"{context.context['shop']} is open nine to five on {day}"


async def stock_level(article: str) -> str:
    """Ask the warehouse, which is slow."""
    await asyncio.sleep(60)
    return f"{article}: 12"


def order_status(number: int) -> dict[str, str]:
    """Look an order up; a plain function runs in a thread."""
    if number > 1000:
        raise ToolError(f"no order {number}", spoken="There is no order of that number.")
    return {"number": str(number), "status": "shipped"}


async def note(text: str) -> BackgroundResult:
    """Write something down; nobody needs to be told."""
    return background_result(f"noted: {text}")


async def listen(session: RealtimeSession, until: type = AgentTranscript) -> None:
    """Print what happens, up to the answer."""
    async for event in session.events():
        match event:
            case ToolEnded():
                print(f"{event.name}: {event.output}")
            case AgentTranscript():
                print("agent:", event.text)
        if isinstance(event, until):
            return


async def ask(session: RealtimeSession, text: str) -> None:
    """Send a message and print what follows."""
    await session.send_message(text)
    await listen(session)


async def main() -> None:
    agent = RealtimeAgent(
        "Desk",
        tools=[
            function_tool(opening_hours),
            function_tool(stock_level, timeout_s=0.2),
            function_tool(order_status),
            function_tool(note),
        ],
    )
    session = RealtimeSession(agent, context={"shop": "The shop"})
    await session.connect(ENDPOINT)
    try:
        await ask(session, 'call:opening_hours {"day": "Saturday"}')
        await ask(session, 'call:stock_level {"article": "tea"}')
        await ask(session, 'call:order_status {"number": 1001}')
        await ask(session, 'calls:opening_hours {} | order_status {"number": 7}')

        # The agent says nothing to a background result, until it is asked to go on.
        await session.send_message('call:note {"text": "call back"}')
        await listen(session, until=ToolEnded)
        await session.create_response("Say exactly: Anything else?")
        await listen(session)
    finally:
        await session.close()


asyncio.run(main())
