"""What an agent is at one moment: its texts asked for, its tools and handoffs those enabled now.

A response's calls are looked up in what its agent was when the response began, whoever speaks by
then. Names are unique: a tool, or a handoff in any case; of MCP servers the first tool wins, since
nobody here can rename theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sipagent.errors import ConfigError

from .agent import RealtimeAgent
from .callbacks import MaybeAwaitable, answered
from .handoffs import Handoff, as_handoff
from .hosted_mcp import HostedMcpTool
from .mcp import McpServer, mcp_tools
from .tools import FunctionTool

log = logging.getLogger(__name__)


class Declared(Protocol):
    """What agents of either kind say of themselves."""

    @property
    def name(self) -> str: ...
    @property
    def instructions(self) -> str | Callable[[Any, Any], MaybeAwaitable[str]]: ...
    @property
    def prompt(
        self,
    ) -> (
        Mapping[str, Any] | Callable[[Any, Any], MaybeAwaitable[Mapping[str, Any] | None]] | None
    ): ...
    @property
    def tools(self) -> Sequence[FunctionTool | HostedMcpTool]: ...
    @property
    def mcp_servers(self) -> Sequence[McpServer]: ...


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
        return find_called(name, self.tools, self.handoffs)

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
        TimeoutError: If one of them takes too long.
        Exception: Whatever the instructions or the prompt raise.
    """
    declared = [as_handoff(target) for target in agent.handoffs]
    tools, handoffs = await enabled_now(agent, declared, context)
    return ResolvedAgent(
        agent,
        await instructions_now(agent, context),
        await prompt_now(agent, context),
        tools,
        handoffs,
        tuple(tool for tool in agent.tools if isinstance(tool, HostedMcpTool)),
    )


def find_called(
    name: str, tools: Sequence[FunctionTool], handoffs: Sequence[Handoff]
) -> FunctionTool | Handoff | None:
    """Return what the model calls ``name``."""
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is not None:
        return tool
    wanted = name.lower()
    return next((each for each in handoffs if each.tool_name.lower() == wanted), None)


async def enabled_now(
    agent: Declared, declared: Sequence[Handoff], context: Any
) -> tuple[tuple[FunctionTool, ...], tuple[Handoff, ...]]:
    """Return the tools ``agent`` has now, its MCP servers' among them, and its handoffs.

    Raises:
        ConfigError: If two tools or handoffs have the same name; the text names both.
    """
    functions = [tool for tool in agent.tools if isinstance(tool, FunctionTool)]
    tools = [tool for tool in functions if await tool.is_enabled_for(context, agent)]
    handoffs = [each for each in declared if await each.is_enabled_for(context, agent)]
    _check_names(tools, handoffs)
    for server in agent.mcp_servers:
        tools += _without_known(await mcp_tools(server), [*tools, *handoffs])
    return tuple(tools), tuple(handoffs)


async def instructions_now(agent: Declared, context: Any) -> str:
    """Return what ``agent`` is told now.

    Raises:
        TypeError: If that is no text.
        TimeoutError: If it takes too long.
        Exception: Whatever the instructions raise.
    """
    given, what = agent.instructions, f"instructions of {agent.name}"
    text = given if isinstance(given, str) else await answered(given(context, agent), what)
    if not isinstance(text, str):
        raise TypeError(f"{what} are no text: {type(text).__name__}")
    return text


async def prompt_now(agent: Declared, context: Any) -> dict[str, Any] | None:
    """Return the stored prompt of ``agent`` as on the wire.

    Raises:
        TypeError: If that is no mapping.
        TimeoutError: If it takes too long.
        Exception: Whatever the prompt raises.
    """
    given, what = agent.prompt, f"prompt of {agent.name}"
    prompt = await answered(given(context, agent), what) if callable(given) else given
    if prompt is None:
        return None
    if not isinstance(prompt, Mapping):
        raise TypeError(f"{what} is no mapping: {type(prompt).__name__}")
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
