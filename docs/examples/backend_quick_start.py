"""Ask a text agent one question and print its answer."""

import asyncio
import os

from sipagent.agents.backend import Agent, OpenAIProvider, Runner

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")


async def main() -> None:
    agent = Agent("Desk", "You are brief and friendly.")
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        runner = Runner(provider, model="gpt-4.1")
        run = await runner.run_to_end(agent, "say:Good morning.")
        print("agent:", run.final_output)
        print(run.state.usage["output_tokens"], "tokens")


asyncio.run(main())
