"""Handoffs: the model hands over to another agent, and so may the program."""

import asyncio
import os

from pydantic import BaseModel

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    HandedOff,
    RealtimeAgent,
    RealtimeSession,
    ToolContext,
    realtime_handoff,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


class Complaint(BaseModel):
    """What the model gives along."""

    about: str


async def write_down(context: ToolContext, complaint: Complaint) -> None:
    """Hear of the handoff, before the other agent goes on."""
    print("complaint about", complaint.about)


async def main() -> None:
    desk = RealtimeAgent("Desk", instructions="You connect callers.")
    billing = RealtimeAgent(
        "Billing", handoff_description="Knows invoices.", instructions="You explain invoices."
    )
    complaints = RealtimeAgent("Complaints", instructions="You are sorry.", handoffs=[desk])
    to_complaints = realtime_handoff(
        complaints,
        tool_name="complain",
        tool_description="Hand over a caller who complains.",
        input_type=Complaint,
        on_handoff=write_down,
    )
    desk.handoffs = [billing, to_complaints]
    session = RealtimeSession(desk)
    await session.connect(ENDPOINT)
    try:
        await session.send_message('call:complain {"about": "noise"}')
        async for event in session.events():
            match event:
                case HandedOff():
                    print(event.from_agent, "->", event.to_agent)
                case AgentTranscript():
                    print("agent:", event.text)
                    break
        await session.update_agent(billing)
        print("now:", session.current_agent.name)
    finally:
        await session.close()


asyncio.run(main())
