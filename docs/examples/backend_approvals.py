"""A person decides about a tool: the run pauses, is saved as text, and goes on some time later."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sipagent.agents.backend import (
    Agent,
    OpenAIProvider,
    Runner,
    RunState,
    ToolContext,
    function_tool,
)

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")
SAVED = Path("run.json")


async def refund(order: str, euros: int) -> str:
    """Give money back."""
    return f"{euros} euros of {order} are on their way;"


async def is_much(context: ToolContext, arguments: Mapping[str, Any], tool_call_id: str) -> bool:
    """Say whether somebody must look at it."""
    return bool(arguments["euros"] > 20)


DESK = Agent("Desk", "You give money back.", tools=[function_tool(refund, needs_approval=is_much)])


async def begin(runner: Runner) -> None:
    """Run until somebody must decide, and save that."""
    small = 'refund {"order": "A1", "euros": 5}'
    large = 'refund {"order": "A2", "euros": 50}'
    too_much = 'refund {"order": "A3", "euros": 1000}'
    run = await runner.run_to_end(DESK, f"calls:{small} | {large} | {too_much}")
    for asked in run.interruptions:
        print("waits:", asked.name, asked.arguments)
    await asyncio.to_thread(SAVED.write_text, run.state.to_string())


async def decide(runner: Runner) -> None:
    """Go on, maybe in another process: only the text and the agents are needed."""
    text = await asyncio.to_thread(SAVED.read_text)
    state = RunState.from_string(DESK, text)
    for asked in state.interruptions:
        if "1000" in asked.arguments:
            state.reject(asked, message="A3 is too much to give back.")
        else:
            state.approve(asked)
    run = await runner.run_to_end(DESK, state)
    print("agent:", run.final_output)


async def main() -> None:
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        await begin(Runner(provider, model="gpt-4.1"))
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        await decide(Runner(provider, model="gpt-4.1"))


asyncio.run(main())
