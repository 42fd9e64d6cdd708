"""Text agents of the official Agents SDK for Python, told on stdin what to do.

One JSON object a line: in ``{"do": ...}``, out ``{"told": ...}``, which is what the SDK tells its
user. It runs in an environment of its own, and imports nothing of sipagent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import AsyncExitStack
from typing import Any

from agents import (
    Agent,
    ModelSettings,
    OpenAIProvider,
    RunConfig,
    Runner,
    function_tool,
    responses_websocket_session,
)
from pydantic import BaseModel


def tell(told: str, **fields: Any) -> None:
    print(json.dumps({"told": told, **fields}), flush=True)


class Told(logging.Handler):
    """Tell what the SDK logs, but that a run failed: that is told as its end."""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.getMessage().startswith("Error streaming response"):
            tell("logged", text=record.getMessage())


class Weather(BaseModel):
    """What a structured answer is made of."""

    city: str
    degrees: int


@function_tool
def opening_hours(day: str) -> str:
    """Tell when we are open."""
    return f"ten to two on {day}"


@function_tool(needs_approval=True)
def refund(euros: int) -> str:
    """Pay back."""
    return f"{euros} euros paid"


def reception(command: dict[str, Any]) -> Agent:
    """Return the agent that begins; it may hand over to Billing."""

    def prompt(agent: str) -> Any:
        script = command.get("script")
        return {"id": script, "variables": {"agent": agent}} if script else None

    billing = Agent(name="Billing", instructions="Bills.", prompt=prompt("Billing"))
    return Agent(
        name="Reception",
        instructions=command.get("instructions", "Help."),
        prompt=prompt("Reception"),
        tools=[opening_hours, refund],
        handoffs=[billing],
        output_type=Weather if command.get("structured") else None,
        model_settings=ModelSettings(**command.get("settings", {})),
    )


class Program:
    """What goes on between two lines."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._run_streamed: Any = None
        self._run: Any = None
        self._agent: Agent | None = None
        self._state: Any = None

    async def connect(self, command: dict[str, Any]) -> None:
        """Choose a transport."""
        self._stack = AsyncExitStack()
        if command["transport"] == "websocket":
            session = await self._stack.enter_async_context(
                responses_websocket_session(api_key="any", base_url=command["url"])
            )
            self._run_streamed, self._run = session.run_streamed, session.run
        else:
            provider = OpenAIProvider(
                api_key="any",
                base_url=command["url"],
                use_responses=command["transport"] == "http",
                use_responses_websocket=False,
            )
            self._stack.push_async_callback(provider.aclose)
            config = RunConfig(model_provider=provider)
            self._run_streamed = lambda *a, **k: Runner.run_streamed(*a, **k, run_config=config)
            self._run = lambda *a, **k: Runner.run(*a, **k, run_config=config)
        tell("connected")

    async def run(self, command: dict[str, Any]) -> None:
        """Run from a text, or from a response before."""
        self._agent = reception(command)
        await self._follow(command["input"], command)

    async def resume(self, command: dict[str, Any]) -> None:
        """Decide about what waits, and go on."""
        for item in self._state.get_interruptions():
            if command["approve"]:
                self._state.approve(item)
            else:
                self._state.reject(item)
        await self._follow(self._state, command)

    async def _follow(self, asked: Any, command: dict[str, Any]) -> None:
        options = {}
        if command.get("previous_response_id"):
            options["previous_response_id"] = command["previous_response_id"]
        if command.get("conversation_id"):
            options["conversation_id"] = command["conversation_id"]
        try:
            if command.get("plain"):
                result = await self._run(self._agent, asked, **options)
            else:
                result = self._run_streamed(self._agent, asked, **options)
                async for event in result.stream_events():
                    self._tell_event(event)
        except Exception as error:
            tell("done", failed=type(error).__name__, message=str(error))
            return
        self._state = result.to_state()
        output = result.final_output
        tell(
            "done",
            output=output.model_dump() if isinstance(output, BaseModel) else output,
            agent=result.last_agent.name,
            response_id=result.last_response_id,
            waiting=[[item.name, json.loads(item.arguments)] for item in result.interruptions],
        )

    def _tell_event(self, event: Any) -> None:
        if event.type == "raw_response_event":
            delta = getattr(event.data, "delta", None)
            tell("raw", type=event.data.type, delta=delta)
        elif event.type == "run_item_stream_event":
            tell("item", name=event.name)

    async def close(self) -> None:
        """Leave the transport."""
        await self._stack.aclose()
        tell("closed")


async def main() -> None:
    for name in ("openai.agents", "asyncio"):
        logging.getLogger(name).addHandler(Told(logging.WARNING))
    program = Program()
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    tell("ready")
    while line := await lines.readline():
        command = json.loads(line)
        match command["do"]:
            case "connect":
                await program.connect(command)
            case "run":
                await program.run(command)
            case "resume":
                await program.resume(command)
            case "close":
                await program.close()


asyncio.run(main())
