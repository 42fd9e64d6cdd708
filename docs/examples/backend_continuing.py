"""Ways to go on with a conversation: send it all again, keep it here, or at the endpoint."""

import asyncio
import os

from aiohttp import ClientSession

from sipagent.agents.backend import Agent, MemorySession, OpenAIProvider, Runner

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")
AGENT = Agent("Desk", "You are brief.")


async def by_history(runner: Runner) -> None:
    """Send what was said so far along: any endpoint can do that."""
    first = await runner.run_to_end(AGENT, "say:Hello.")
    question = {"role": "user", "content": "say:Hello again."}
    second = await runner.run_to_end(AGENT, [*first.history, question])
    print("history:", second.final_output, len(second.history), "items")


async def by_session(runner: Runner) -> None:
    """Keep what is said on this side; each run begins after it and is added to it."""
    session = MemorySession()
    for text in ("say:Hello.", "say:Hello again."):
        run = await runner.run_to_end(AGENT, text, session=session)
    print("session:", run.final_output, len(await session.items()), "items")


async def by_response(runner: Runner) -> None:
    """Name the last response; the endpoint knows the rest."""
    first = await runner.run_to_end(AGENT, "say:Hello.")
    second = await runner.run_to_end(
        AGENT, "say:Hello again.", previous_response_id=first.last_response_id
    )
    print("response:", second.final_output)


async def by_conversation(runner: Runner) -> None:
    """Make a conversation at the endpoint, and let runs add to it."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with (
        ClientSession(headers=headers) as client,
        client.post(f"{BASE_URL}/conversations", json={}) as answer,
    ):
        conversation = (await answer.json())["id"]
    for text in ("say:Hello.", "say:Hello again."):
        run = await runner.run_to_end(AGENT, text, conversation_id=conversation)
    print("conversation:", run.final_output)


async def main() -> None:
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        runner = Runner(provider, model="gpt-4.1")
        await by_history(runner)
        await by_session(runner)
        await by_response(runner)
        await by_conversation(runner)


asyncio.run(main())
