"""The agents our runs are made with, and how they are asked."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from pydantic import BaseModel

from sipagent.agents.backend import (
    Agent,
    RawModelStreamEvent,
    RunItemStreamEvent,
    RunStream,
    function_tool,
)
from sipagent.agents.backend.transports.options import TransportOptions
from sipagent.agents.backend.transports.provider import OpenAIProvider, Transport

from .relay import Relay

on_responses = pytest.mark.parametrize("transport", ["http", "websocket"])
on_all = pytest.mark.parametrize("transport", ["http", "websocket", "chat"])


class Weather(BaseModel):
    """What a structured answer is made of."""

    city: str
    degrees: int


def opening_hours(day: str) -> str:
    """Tell when we are open."""
    return f"ten to two on {day}"


def refund(euros: int) -> str:
    """Pay back."""
    return f"{euros} euros paid"


def reception(script: str = "", **fields: Any) -> Agent:
    """Return the agent that begins; it may hand over to Billing."""

    def prompt(agent: str) -> dict[str, Any] | None:
        return {"id": script, "variables": {"agent": agent}} if script else None

    billing = Agent("Billing", "Bills.", prompt=prompt("Billing"))
    tools = [function_tool(opening_hours), function_tool(refund, needs_approval=True)]
    declared = {"tools": tools, "handoffs": [billing], "prompt": prompt("Reception"), **fields}
    return Agent("Reception", "Help.", **declared)


def over(
    relay: Relay, transport: Transport, **limits: Any
) -> AbstractAsyncContextManager[OpenAIProvider]:
    """Return the relay's models on a transport."""
    options = TransportOptions(**limits)
    return OpenAIProvider(base_url=relay.url, api_key="any", transport=transport, options=options)


async def told(stream: RunStream) -> list[str]:
    """Read all events; return the names of items, and the agents that took over."""
    names = []
    async for event in stream:
        if isinstance(event, RunItemStreamEvent):
            names.append(str(event.name))
        elif not isinstance(event, RawModelStreamEvent):
            names.append(event.agent.name)
    return names


def output(stream: RunStream) -> tuple[Any, str]:
    """Return what a run came to, and by whom."""
    return stream.final_output, stream.current_agent.name
