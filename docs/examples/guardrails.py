"""Output guardrails: an answer that must not be given is cut off, and another one asked for."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    AudioInterrupted,
    Endpoint,
    GuardrailResult,
    GuardrailTripped,
    OutputGuardrail,
    RealtimeAgent,
    RealtimeSession,
    SessionOptions,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


def has_no_prices(context: object, agent: RealtimeAgent, text: str) -> GuardrailResult:
    """Look at what the agent says, as far as it has said it."""
    return GuardrailResult("euros" in text, output_info={"seen": "a price"})


async def main() -> None:
    prices = OutputGuardrail("prices", has_no_prices, policy_hint="no prices by phone")
    agent = RealtimeAgent("Desk", output_guardrails=[prices])
    session = RealtimeSession(agent, SessionOptions(debounce_text_length=10))
    await session.connect(ENDPOINT)
    try:
        await session.send_message(
            "say:That would be fifty euros, and as it is so cheap, take two."
        )
        has_tripped = False
        async for event in session.events():
            match event:
                case AudioInterrupted():
                    print("cut off")
                case GuardrailTripped(trip=trip):
                    has_tripped = True
                    print(f"tripped: {trip.tripwire.guardrail}, {trip.tripwire.output_info}")
                case AgentTranscript() if has_tripped:
                    print("agent:", event.text)
                    break
    finally:
        await session.close()


asyncio.run(main())
