"""Approvals: a tool that runs only when somebody has said so."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    RealtimeAgent,
    RealtimeSession,
    ToolApprovalRequested,
    ToolContext,
    function_tool,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def refund(order: str, euros: int) -> str:
    """Give money back."""
    return f"{euros} euros of order {order} are on their way"


async def is_much(context: ToolContext, arguments: Mapping[str, Any], tool_call_id: str) -> bool:
    """Say whether somebody must look at it."""
    return bool(arguments["euros"] > 20)


async def ask(session: RealtimeSession, text: str) -> None:
    """Send a message, decide on what is asked, and print the answer."""
    await session.send_message(text)
    async for event in session.events():
        match event:
            case ToolApprovalRequested(request=request) if "1000" in request.arguments:
                await session.reject(request, message="That is too much to give back.")
            case ToolApprovalRequested(request=request):
                print("approved:", request.arguments)
                await session.approve(request, always_approve=True)
            case AgentTranscript():
                print("agent:", event.text)
                return


async def main() -> None:
    agent = RealtimeAgent("Desk", tools=[function_tool(refund, needs_approval=is_much)])
    session = RealtimeSession(agent)
    await session.connect(ENDPOINT)
    try:
        await ask(session, 'call:refund {"order": "A1", "euros": 5}')
        await ask(session, 'call:refund {"order": "A2", "euros": 1000}')
        await ask(session, 'call:refund {"order": "A3", "euros": 50}')
        await ask(session, 'call:refund {"order": "A4", "euros": 60}')
    finally:
        await session.close()


asyncio.run(main())
