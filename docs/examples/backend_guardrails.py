"""Guardrails: what may not go in, and what may not come out."""

import asyncio
import os
from typing import Any

from sipagent.agents.backend import (
    Agent,
    GuardrailResult,
    InputGuardrail,
    InputGuardrailTripped,
    OpenAIProvider,
    OutputGuardrail,
    OutputGuardrailTripped,
    Runner,
)

BASE_URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
API_KEY = os.environ.get("OPENAI_API_KEY", "")


async def is_homework(context: Any, agent: Agent, given: Any) -> GuardrailResult:
    """Look at what a run is given: a text, or a list of items."""
    return GuardrailResult("homework" in str(given), output_info={"seen": "homework"})


async def has_no_prices(context: Any, agent: Agent, output: Any) -> GuardrailResult:
    """Look at the final output."""
    return GuardrailResult("euros" in str(output))


async def main() -> None:
    agent = Agent(
        "Desk",
        input_guardrails=[InputGuardrail("homework", is_homework, run_in_parallel=False)],
        output_guardrails=[OutputGuardrail("prices", has_no_prices)],
    )
    async with OpenAIProvider(base_url=BASE_URL, api_key=API_KEY) as provider:
        runner = Runner(provider, model="gpt-4.1")
        for text in ("say:Hello.", "say:Do my homework.", "say:That is 7 euros."):
            try:
                run = await runner.run_to_end(agent, text)
                print("agent:", run.final_output)
            except InputGuardrailTripped as tripped:
                print("not asked:", tripped.guardrail_name, tripped.output_info)
            except OutputGuardrailTripped as tripped:
                print("not told:", tripped.guardrail_name)


asyncio.run(main())
