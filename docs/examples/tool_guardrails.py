"""Guardrails of a tool: what may go in, what may come out."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Allow,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
    RejectContent,
    ToolContext,
    ToolGuardrail,
    function_tool,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def customer(name: str) -> str:
    """Look a customer up."""
    return f"{name}, card 4111 1111 1111 1111"


def is_a_name(context: ToolContext, arguments: Mapping[str, Any]) -> Allow | RejectContent:
    """Let names in."""
    is_name = arguments["name"].isalpha()
    return Allow() if is_name else RejectContent("Ask for the name, letters only.")


def has_no_card(context: ToolContext, result: str) -> Allow | RejectContent:
    """Let nothing out that has a card number in it."""
    return RejectContent("That is confidential.") if "card" in result else Allow()


async def ask(session: RealtimeSession, text: str) -> None:
    """Send a message and print the answer."""
    await session.send_message(text)
    async for event in session.events():
        if isinstance(event, AgentTranscript):
            print("agent:", event.text)
            return


async def main() -> None:
    tool = function_tool(
        customer,
        input_guardrails=[ToolGuardrail("names", is_a_name)],
        output_guardrails=[ToolGuardrail("cards", has_no_card)],
    )
    session = RealtimeSession(RealtimeAgent("Desk", tools=[tool]))
    await session.connect(ENDPOINT)
    try:
        await ask(session, 'call:customer {"name": "x; drop table"}')
        await ask(session, 'call:customer {"name": "Anna"}')
    finally:
        await session.close()


asyncio.run(main())
