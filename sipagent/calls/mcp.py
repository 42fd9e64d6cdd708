"""MCP servers of one call: connected while it rings, let go of when it is over.

A server that is not there in time costs its tools and not the call: it is logged, on record, and
the agents go without. Each call has connections, and processes, of its own: nothing that a server
remembers of one caller reaches another.

| resource    | acquired | released | on failure                          |
|-------------|----------|----------|-------------------------------------|
| connections | ``open`` | ``close``| the agents go without these tools   |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.mcp import McpTool
from sipagent.agents.mcp_servers import McpServerStdio, McpServerStreamableHttp
from sipagent.errors import SipAgentError

from .facts import ErrorReported, Fact
from .mcp_setup import McpServerSetup, McpSetup
from .part import CallHands, CallPart
from .setup import CallSetup

log = logging.getLogger(__name__)

UNAVAILABLE = "mcp_unavailable"
"""Code of the error on record."""

CLOSE_LIMIT_S = 3.0


class _Server:
    """A server as agents see it: ``agents.mcp.McpServer``, there or not."""

    def __init__(self, setup: McpServerSetup) -> None:
        self._setup, self.name = setup, setup.name
        self._settled = asyncio.Event()
        self._entered: McpServerStdio | McpServerStreamableHttp | None = None

    async def open(self) -> str:
        """Connect; return why not, ``""`` if it is there."""
        server = self._setup.connect()
        try:
            async with asyncio.timeout(self._setup.connect_s):
                await server.__aenter__()
                self._entered = server
            return ""
        except TimeoutError:
            return f"{self.name}: not there within {self._setup.connect_s:g} s"
        except (SipAgentError, OSError) as error:
            return f"{self.name}: {type(error.__cause__ or error).__name__}"
        finally:
            self._settled.set()

    async def close(self) -> None:
        server, self._entered = self._entered, None
        if server is not None:
            await server.__aexit__(None, None, None)

    async def list_tools(self) -> Sequence[McpTool]:
        """Return the tools that agents have; waits for the server, within its time."""
        with suppress(TimeoutError):  # what never came up may take long to be given up
            async with asyncio.timeout(self._setup.connect_s):
                await self._settled.wait()
        if self._entered is None:
            return ()
        allow, must_ask = self._setup.allow, self._setup.must_ask
        return [
            replace(tool, needs_approval=must_ask(tool.name))
            for tool in await self._entered.list_tools()
            if not allow or tool.name in allow
        ]

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        assert self._entered is not None  # or nobody knew its tools
        return await self._entered.call_tool(name, arguments)


class CallMcp:
    """Connect the servers of one call.

    Args:
        call_id: For the log.
        setup: Of its plan.
        tell: Takes facts.
    """

    def __init__(self, call_id: str, setup: McpSetup, tell: Callable[[Fact], None]) -> None:
        self._call_id, self._setup, self._tell = call_id, setup, tell
        self._servers = {each.name: _Server(each) for each in setup.servers}

    def equip(self, setup: CallSetup) -> CallSetup:
        """Return ``setup`` with agents that have the servers of this call."""
        if not self._servers:
            return setup
        made: dict[int, RealtimeAgent] = {}
        agent = self._with_servers(setup.agent, made)
        others = tuple(self._with_servers(each, made) for each in setup.others)
        return replace(setup, agent=agent, others=others)

    async def open(self) -> None:
        """Connect all at once; never raises but for cancellation."""
        servers = self._servers.values()
        for why in await asyncio.gather(*(each.open() for each in servers)):
            if why:
                log.warning("call=%s ! MCP server %s", self._call_id, why)
                self._tell(ErrorReported(UNAVAILABLE, why))

    async def close(self) -> None:
        """Let go of all; never raises what a server does."""
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                closing = (each.close() for each in self._servers.values())
                await asyncio.gather(*closing, return_exceptions=True)
        except TimeoutError:
            log.warning("call=%s ! MCP servers did not end in time", self._call_id)

    def _with_servers(self, agent: RealtimeAgent, made: dict[int, RealtimeAgent]) -> RealtimeAgent:
        if id(agent) not in made:
            names = self._setup.of_agent.get(agent.name, ())
            servers = [self._servers[name] for name in names]
            copy = made[id(agent)] = agent.clone(mcp_servers=servers, handoffs=[])
            copy.handoffs = [
                self._with_servers(each, made) if isinstance(each, RealtimeAgent) else each
                for each in agent.handoffs
            ]
        return made[id(agent)]


class LegMcp(CallPart):
    """The same as a part of a call over a leg.

    Args:
        call_id: Ours.
        setup: The call's share of its plan.
    """

    def __init__(self, call_id: str, setup: CallSetup) -> None:
        super().__init__()
        self._mcp = CallMcp(call_id, setup.mcp, self._tell)
        self.setup = self._mcp.equip(setup)
        """With agents that have the servers."""

    def join(self, hands: CallHands) -> None:
        """Connect while it rings."""
        super().join(hands)
        if hands.setup.mcp.servers:
            hands.run(self._mcp.open, "MCP servers")

    async def close(self) -> Mapping[str, str]:
        """Let go of the servers."""
        await self._mcp.close()
        return {}

    def _tell(self, fact: Fact) -> None:
        self.hands.tell(fact)
