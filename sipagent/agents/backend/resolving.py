"""What a text agent is at one moment: asked for before each question to its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sipagent.agents.handoffs import Handoff
from sipagent.agents.json_schema import is_closed
from sipagent.agents.resolving import enabled_now, find_called, instructions_now, prompt_now
from sipagent.agents.tools import FunctionTool

from .agent import Agent, as_handoff
from .model import Json


@dataclass(frozen=True, slots=True)
class ReadyAgent:
    """An agent at one moment."""

    agent: Agent
    instructions: str
    prompt: Json | None
    tools: tuple[FunctionTool, ...]
    """MCP servers' among them."""
    handoffs: tuple[Handoff, ...]

    def find(self, name: str) -> FunctionTool | Handoff | None:
        """Return what the model calls ``name``."""
        return find_called(name, self.tools, self.handoffs)

    def wire_tools(self) -> tuple[Json, ...]:
        """Return tools, then handoffs, each with whether the endpoint may hold the model to it."""
        tools = [_held(tool.to_wire(), tool.strict) for tool in self.tools]
        return (*tools, *(_held(handoff.to_wire(), True) for handoff in self.handoffs))


async def ready(agent: Agent, context: Any) -> ReadyAgent:
    """Return what ``agent`` is now.

    Raises:
        ConfigError: If two tools or handoffs have the same name; the text names both.
        TypeError: If instructions or prompt are no text and no mapping.
        Exception: Whatever the instructions or the prompt raise.
    """
    declared = [as_handoff(target) for target in agent.handoffs]
    tools, handoffs = await enabled_now(agent, declared, context)
    instructions = await instructions_now(agent, context)
    return ReadyAgent(agent, instructions, await prompt_now(agent, context), tools, handoffs)


def _held(tool: Json, is_strict: bool) -> Json:
    return tool | {"strict": is_strict and is_closed(tool["parameters"])}
