"""Structured output: an answer that is an object, and what becomes of one that is not."""

import asyncio
import os

from pydantic import BaseModel

from sipagent.agents.backend import (
    Agent,
    Answer,
    BackendError,
    ModelBehaviorError,
    OpenAIProvider,
    Runner,
    RunState,
)

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")


class Weather(BaseModel):
    """What the model fills in."""

    city: str
    degrees: int


def nowhere(error: BackendError, state: RunState) -> Answer:
    """Answer in the model's place."""
    return Answer(Weather(city="nowhere", degrees=0))


async def main() -> None:
    agent = Agent("Weather", "You tell the weather.", output_type=Weather)
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        runner = Runner(provider, model="gpt-4.1")
        run = await runner.run_to_end(agent, 'json:{"city": "Ulm", "degrees": 7}')
        weather: Weather = run.final_output
        print(f"{weather.degrees} degrees in {weather.city}")

        try:
            await runner.run_to_end(agent, 'json:{"city": "Ulm"}')
        except ModelBehaviorError as error:
            print("refused:", error)

        lenient = Runner(
            provider, model="gpt-4.1", error_handlers={"invalid_final_output": nowhere}
        )
        run = await lenient.run_to_end(agent, 'json:{"city": "Ulm"}')
        print("instead:", run.final_output)


asyncio.run(main())
