"""Follow a run as it goes: its text, its tools; stop one, and go on with it."""

import asyncio
import os
import sys

from sipagent.agents.backend import (
    Agent,
    OpenAIProvider,
    RawModelStreamEvent,
    RunItemStreamEvent,
    Runner,
    ToolContext,
    function_tool,
)

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")


async def opening_hours(context: ToolContext, day: str) -> str:
    """Tell when we are open.

    Args:
        day: Day of the week, in English.
    """
    return f"{context.context['shop']} is open ten to two on {day}"


async def follow(runner: Runner, agent: Agent) -> None:
    """Print what happens while it happens."""
    question = 'call:opening_hours {"day": "sunday"}'
    run = runner.run(agent, question, context={"shop": "The shop"})
    async for event in run:
        match event:
            case RawModelStreamEvent(data={"type": "output_text_delta", "delta": delta}):
                print("text:", delta)
            case RunItemStreamEvent(name="tool_called", item=item):
                print("called:", item.name, item.arguments)
            case RunItemStreamEvent(name="tool_output", item=item):
                print("answered:", item.output)
    print("final:", run.final_output)


async def stop_and_go_on(runner: Runner, agent: Agent) -> None:
    """Hang up on the model in the middle of a sentence, and ask it again."""
    run = runner.run(agent, "slow:1500 one two three")
    async for text in run.text():
        print("so far:", text)
        run.cancel()
    await run.completed()
    print("cancelled:", run.is_cancelled)
    resumed = await runner.run_to_end(agent, run.state)
    print("final:", resumed.final_output)


async def main() -> None:
    agent = Agent("Desk", "You know the opening hours.", tools=[function_tool(opening_hours)])
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        runner = Runner(provider, model="gpt-4.1")
        await follow(runner, agent)
        await runner.run(agent, "say:Good morning.").pipe_to(sys.stdout)
        print()
        await stop_and_go_on(runner, agent)


asyncio.run(main())
