"""What an agent is at one moment: its texts asked for, its tools and handoffs those enabled now.

A response's calls are looked up in what its agent was when the response began, whoever speaks by
then. Names are unique: a tool, or a handoff in any case; of MCP servers the first tool wins, since
nobody here can rename theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sipagent.errors import ConfigError

from .agent import RealtimeAgent
from .callbacks import settled
from .handoffs import Handoff, as_handoff
from .hosted_mcp import HostedMcpTool
from .mcp import mcp_tools
from .tools import FunctionTool

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolvedAgent:
    """An agent at one moment."""

    agent: RealtimeAgent
    instructions: str
    prompt: dict[str, Any] | None
    """As on the wire: ``{id, version?, variables?}``."""
    tools: tuple[FunctionTool, ...]
    """MCP servers' among them."""
    handoffs: tuple[Handoff, ...]
    mcp_servers: tuple[HostedMcpTool, ...] = ()
    """Those the endpoint talks to."""

    def find(self, name: str) -> FunctionTool | Handoff | None:
        """Return what the model calls ``name``."""
        tool = next((tool for tool in self.tools if tool.name == name), None)
        if tool is not None:
            return tool
        wanted = name.lower()
        return next((each for each in self.handoffs if each.tool_name.lower() == wanted), None)

    def wire_tools(self) -> list[dict[str, Any]]:
        """Return the tools of the wire: tools, then handoffs."""
        tools = [tool.to_wire() for tool in self.tools]
        tools += [server.to_wire() for server in self.mcp_servers]
        return tools + [handoff.to_wire() for handoff in self.handoffs]


async def resolve(agent: RealtimeAgent, context: Any) -> ResolvedAgent:
    """Return what ``agent`` is now.

    Args:
        agent: Begins to speak.
        context: The session's own.

    Raises:
        ConfigError: If two tools or handoffs have the same name; the text names both.
        TypeError: If instructions or prompt are no text and no mapping.
        Exception: Whatever the instructions or the prompt raise.
    """
    functions = [tool for tool in agent.tools if isinstance(tool, FunctionTool)]
    tools = [tool for tool in functions if await tool.is_enabled_for(context, agent)]
    handoffs = [as_handoff(target) for target in agent.handoffs]
    handoffs = [each for each in handoffs if await each.is_enabled_for(context, agent)]
    _check_names(tools, handoffs)
    for server in agent.mcp_servers:
        tools += _without_known(await mcp_tools(server), [*tools, *handoffs])
    return ResolvedAgent(
        agent,
        await _instructions(agent, context),
        await _prompt(agent, context),
        tuple(tools),
        tuple(handoffs),
        tuple(tool for tool in agent.tools if isinstance(tool, HostedMcpTool)),
    )


async def _instructions(agent: RealtimeAgent, context: Any) -> str:
    given = agent.instructions
    text = given if isinstance(given, str) else await settled(given(context, agent))
    if not isinstance(text, str):
        raise TypeError(f"instructions of {agent.name} are no text: {type(text).__name__}")
    return text


async def _prompt(agent: RealtimeAgent, context: Any) -> dict[str, Any] | None:
    given = agent.prompt
    prompt = await settled(given(context, agent)) if callable(given) else given
    if prompt is None:
        return None
    if not isinstance(prompt, Mapping):
        raise TypeError(f"prompt of {agent.name} is no mapping: {type(prompt).__name__}")
    aliases = {"prompt_id": "id", "promptId": "id"}
    return {aliases.get(key, key): value for key, value in prompt.items()}


def _check_names(tools: Iterable[FunctionTool], handoffs: Iterable[Handoff]) -> None:
    known: dict[str, str] = {}
    for handoff in handoffs:
        name, what = handoff.tool_name.lower(), f'the handoff to "{handoff.agent.name}"'
        if name in known:
            raise ConfigError(f'{known[name]} and {what} have the same name "{name}"')
        known[name] = what
    names: set[str] = set()
    for tool in tools:
        clash = known.get(tool.name.lower(), "another tool" if tool.name in names else None)
        if clash is not None:
            raise ConfigError(f'the tool "{tool.name}" and {clash} have the same name')
        names.add(tool.name)


def _without_known(
    tools: Iterable[FunctionTool], known: Sequence[FunctionTool | Handoff]
) -> list[FunctionTool]:
    names = {each.name if isinstance(each, FunctionTool) else each.tool_name for each in known}
    names = {name.lower() for name in names}
    new: list[FunctionTool] = []
    for tool in tools:
        if tool.name.lower() in names:
            log.warning("! a tool %s of an MCP server is hidden by another", tool.name)
            continue
        names.add(tool.name.lower())
        new.append(tool)
    return new
