"""The MCP servers of a plan, ready to be connected by its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sipagent.agents.mcp_servers import McpServerStdio, McpServerStreamableHttp
from sipagent.dialplan.mcp import Mcp, program_of
from sipagent.dialplan.plans import Plan


@dataclass(frozen=True, slots=True)
class McpServerSetup:
    """One server of a plan."""

    name: str
    connect: Callable[[], McpServerStdio | McpServerStreamableHttp] = field(repr=False)
    """Makes a server that is not entered yet."""
    allow: frozenset[str] = frozenset()
    """Tools that agents have; empty: all."""
    must_ask: Callable[[str], bool] = lambda name: False
    """Whether a person must allow a tool."""
    connect_s: float = 2.0


@dataclass(frozen=True, slots=True)
class McpSetup:
    """The servers of a plan, and who has which."""

    servers: tuple[McpServerSetup, ...] = ()
    of_agent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of servers, by the name of the agent."""


def mcp_setup(plan: Plan) -> McpSetup:
    """Return what the calls of ``plan`` connect to."""
    used = {name for agent in plan.dialplan.agents for name in agent.mcp}
    tables = [table for table in plan.dialplan.mcp if table.name in used]
    if not tables:
        return McpSetup()
    # Loads the package now: it takes longer than a call may wait, and every call of the loop would.
    from sipagent.agents import mcp_connection, mcp_transports  # noqa: F401, PLC0415

    return McpSetup(
        tuple(
            McpServerSetup(
                name=each.name,
                connect=partial(_server, plan, each),
                allow=frozenset(each.allow),
                must_ask=each.must_ask,
                connect_s=each.connect_s,
            )
            for each in tables
        ),
        {agent.name: agent.mcp for agent in plan.dialplan.agents},
    )


def _server(plan: Plan, table: Mcp) -> McpServerStdio | McpServerStreamableHttp:
    filled = plan.secrets.filled
    if table.url is not None:
        headers = {name: filled(each) for name, each in table.headers.items()}
        return McpServerStreamableHttp(table.name, table.url, headers, timeout_s=table.timeout_s)
    assert table.command is not None
    return McpServerStdio(
        table.name,
        program_of(plan.file, table.command) or table.command,
        table.args,
        env={name: filled(each) for name, each in table.env.items()},
        cwd=plan.file.parent,
        timeout_s=table.timeout_s,
    )
