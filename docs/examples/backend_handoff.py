"""Handoffs: the model hands over to another agent, and says why."""

import asyncio
import os

from pydantic import BaseModel

from sipagent.agents.backend import (
    Agent,
    AgentUpdatedStreamEvent,
    OpenAIProvider,
    RunItemStreamEvent,
    Runner,
    ToolContext,
    handoff,
)

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")


class Complaint(BaseModel):
    """What the model gives along."""

    about: str


async def write_down(context: ToolContext, complaint: Complaint) -> None:
    """Hear of the handoff, before the other agent goes on."""
    print("complaint about", complaint.about)


async def main() -> None:
    billing = Agent("Billing", "You explain invoices.", handoff_description="Knows invoices.")
    complaints = Agent("Complaints", "You are sorry.", model="gpt-4.1-mini")
    to_complaints = handoff(
        complaints,
        tool_name="complain",
        tool_description="Hand over who complains.",
        input_type=Complaint,
        on_handoff=write_down,
    )
    desk = Agent("Desk", "You connect people.", handoffs=[billing, to_complaints])
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        run = Runner(provider, model="gpt-4.1").run(desk, 'call:complain {"about": "noise"}')
        async for event in run:
            match event:
                case RunItemStreamEvent(name="handoff_requested", item=item):
                    print("wanted:", item.name)
                case AgentUpdatedStreamEvent(agent=agent):
                    print("now:", agent.name)
        print("ended with", run.current_agent.name)


asyncio.run(main())
