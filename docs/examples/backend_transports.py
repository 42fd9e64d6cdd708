"""The same run by HTTP, by WebSocket, and as Chat Completions."""

import asyncio
import os
from typing import Literal

from sipagent.agents.backend import (
    Agent,
    ModelError,
    OpenAIProvider,
    Runner,
    TransportOptions,
    function_tool,
    responses_websocket_session,
)

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")


async def opening_hours(day: str) -> str:
    """Tell when we are open."""
    return f"ten to two on {day}"


AGENT = Agent("Desk", "You know the opening hours.", tools=[function_tool(opening_hours)])
TRANSPORTS: tuple[Literal["http", "websocket", "chat"], ...] = ("http", "websocket", "chat")
QUESTION = 'call:opening_hours {"day": "sunday"}'


async def by_each() -> None:
    """Ask the same of each transport."""
    for each in TRANSPORTS:
        async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY, transport=each) as provider:
            run = await Runner(provider, model="gpt-4.1").run_to_end(AGENT, QUESTION)
            print(f"{each}: {run.final_output}")


async def by_one_socket() -> None:
    """Keep one WebSocket for all runs of a session."""
    async with responses_websocket_session(
        base_url=BASE_URL, api_key=API_KEY, model="gpt-4.1"
    ) as session:
        for text in ("say:one", "say:two"):
            run = await session.runner.run_to_end(AGENT, text)
            print("session:", run.final_output)


async def by_no_more_than_a_second() -> None:
    """Give up on an answer that takes too long."""
    options = TransportOptions(timeout_s=1.0, max_retries=0)
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY, options=options) as provider:
        try:
            await Runner(provider, model="gpt-4.1").run_to_end(AGENT, "long:100")
        except ModelError as error:
            print("too slow:", "took too long" in str(error))


async def main() -> None:
    await by_each()
    await by_one_socket()
    await by_no_more_than_a_second()


asyncio.run(main())
