"""``[[mcp]]``: MCP servers whose tools agents have, a process of ours or on the network.

What each key alone must be is in the model; what the plan around it must be is in
:func:`check_mcp`.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from sipagent.agents.handoffs import handoff_tool_name

from .documents import Document
from .findings import Finding, Severity
from .http_call import Headers
from .model import Model, Text, ToolName
from .validation import listed, near_miss

if TYPE_CHECKING:
    from .models import Dialplan


def server_url(text: str) -> str:
    """Return the address of a server, path and query included.

    Raises:
        ValueError: If it is none.
    """
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s#]*)?", text):
        raise ValueError('must be where the server is, such as "https://crm.example/path"')
    return text


VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Mcp(Model):
    """One of ``[[mcp]]``. One of ``command`` and ``url``."""

    name: ToolName
    """What agents call it."""
    command: Text | None = None
    """A program that speaks on its standard input and output; each call has one of its own."""
    args: tuple[str, ...] = ()
    """Of the program."""
    env: dict[VariableName, str] = Field(default_factory=dict)
    """Variables of the program, beside ``HOME``, ``PATH`` and the like."""
    url: Annotated[str, AfterValidator(server_url)] | None = None
    """Of a server that speaks streamable HTTP."""
    headers: Headers = Field(default_factory=dict)
    """Of each request."""
    allow: tuple[Text, ...] = ()
    """Which of its tools agents have; none named: all of them."""
    needs_approval: bool | tuple[Text, ...] = False
    """Which of its tools run only when a person said so."""
    connect_s: Annotated[float, Field(gt=0, le=30)] = 2.0
    """How long connecting may take, while it rings; then the agents go without."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    """Of one call of a tool."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("needs command or url, and not both")
        if self.command is None and (self.args or self.env):
            raise ValueError("args and env mean nothing without command")
        if self.url is None and self.headers:
            raise ValueError("headers mean nothing without url")
        return self

    def must_ask(self, tool_name: str) -> bool:
        """Tell whether a person must allow a tool."""
        if isinstance(self.needs_approval, bool):
            return self.needs_approval
        return tool_name in self.needs_approval


def check_mcp(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[[mcp]]``, or with agents that name one."""
    known = [each.name for each in plan.mcp]
    used = {name for agent in plan.agents for name in agent.mcp}
    for index, agent in enumerate(plan.agents):
        for position, name in enumerate(agent.mcp):
            where = ("agents", index, "mcp", position)
            if name not in known:
                text = f'there is no MCP server "{name}"{near_miss(name, known)}'
                yield document.finding(where, f"{text}; known: {listed(known)}")
            elif name in agent.mcp[:position]:
                yield document.finding(where, f'names the MCP server "{name}" twice')
    for index, each in enumerate(plan.mcp):
        path = ("mcp", index, "name")
        if each.name in known[:index]:
            yield document.finding(path, "is the name of another MCP server already")
        elif each.name not in used and not document.is_borrowed(path):  # other plans may use parts
            yield document.finding(path, f'no agent has "{each.name}"', Severity.WARNING)
        yield from _clashes(plan, index, document)
        yield from _programs(each, index, document)
        if each.connect_s >= plan.session.ready_within_s:
            text = "is not shorter than session.ready_within_s: a dead server costs the call"
            yield document.finding(("mcp", index, "connect_s"), text, Severity.WARNING)
    if plan.mcp and importlib.util.find_spec("mcp") is None:
        yield document.finding(("mcp",), "needs the extra mcp: pip install 'sipagent[mcp]'")


def _clashes(plan: Dialplan, index: int, document: Document) -> Iterator[Finding]:
    """Return tools of a server that an agent has by that name already, as far as the plan tells."""
    server = plan.mcp[index]
    before = {name: each.name for each in plan.mcp[:index] for name in each.allow}
    for position, name in enumerate(server.allow):
        path = ("mcp", index, "allow", position)
        for agent in plan.agents:
            if server.name not in agent.mcp:
                continue
            handoffs = {handoff_tool_name(each) for each in agent.handoffs}
            if name in agent.tools or name.lower() in handoffs:
                yield document.finding(path, f'agent "{agent.name}" has a tool "{name}" already')
            elif before.get(name) in agent.mcp:
                text = f'agent "{agent.name}" has "{name}" of the MCP server "{before[name]}" too'
                yield document.finding(path, text)
    if server.allow and not isinstance(server.needs_approval, bool):
        for position, name in enumerate(server.needs_approval):
            if name not in server.allow:
                text = f'"{name}" is none of allow{near_miss(name, server.allow)}'
                yield document.finding(("mcp", index, "needs_approval", position), text)


def _programs(server: Mcp, index: int, document: Document) -> Iterator[Finding]:
    if server.command is not None and program_of(document.file, server.command) is None:
        text = f"there is no program {server.command}"
        yield document.finding(("mcp", index, "command"), text)


def program_of(plan_file: Path, command: str) -> str | None:
    """Return the program that a command names, beside the plan or in ``PATH``; None: none."""
    if "/" in command:
        return shutil.which(str(plan_file.parent.absolute() / command))
    return shutil.which(command)
