"""A voice agent, declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .callbacks import MaybeAwaitable
from .guardrails import OutputGuardrail
from .handoffs import Handoff
from .hooks import AgentHooks
from .hosted_mcp import HostedMcpTool
from .mcp import McpServer
from .tools import FunctionTool

Instructions: TypeAlias = "Callable[[Any, RealtimeAgent], MaybeAwaitable[str]]"
"""Takes the session's own context and the agent."""
Prompt: TypeAlias = "Callable[[Any, RealtimeAgent], MaybeAwaitable[Mapping[str, Any] | None]]"


@dataclass(slots=True, eq=False)
class RealtimeAgent:
    """Who speaks: a persona of one session. All agents of a session share one model.

    Raises:
        TypeError: If a field holds what it cannot; the text names it.
    """

    name: str
    instructions: str | Instructions = ""
    tools: list[FunctionTool | HostedMcpTool] = field(default_factory=list)
    handoffs: list[RealtimeAgent | Handoff] = field(default_factory=list)
    """To whom it may hand over; cycles are allowed."""
    handoff_description: str = ""
    """Tells other agents when to hand over to this one."""
    voice: str | Mapping[str, Any] | None = None
    """A name, or ``{id}`` of a voice of one's own."""
    prompt: Mapping[str, Any] | Prompt | None = None
    """``{id, version?, variables?}`` of a stored prompt; ``prompt_id`` is ``id``."""
    output_guardrails: list[OutputGuardrail] = field(default_factory=list)
    hooks: AgentHooks | None = None
    mcp_servers: list[McpServer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._check("name", str)
        self._check("instructions", str, Callable)
        self._check("handoff_description", str)
        self._check("voice", str, Mapping, type(None))
        self._check("prompt", Mapping, Callable, type(None))
        self._check("hooks", AgentHooks, type(None))
        self._check_list("tools", FunctionTool, HostedMcpTool)
        self._check_list("handoffs", RealtimeAgent, Handoff)
        self._check_list("output_guardrails", OutputGuardrail)
        self._check_list("mcp_servers", McpServer)

    def clone(self, **overrides: Any) -> RealtimeAgent:
        """Return a copy with other fields; lists that are not overridden are shared.

        Raises:
            TypeError: If there is no such field, or it cannot hold that.
        """
        return replace(self, **overrides)

    def _check(self, name: str, *kinds: Any) -> None:
        value = getattr(self, name)
        if not isinstance(value, kinds):
            raise TypeError(f"RealtimeAgent.{name} must be {_either(kinds)}, not {_kind(value)}")

    def _check_list(self, name: str, *kinds: Any) -> None:
        value = getattr(self, name)
        if not isinstance(value, list):
            raise TypeError(f"RealtimeAgent.{name} must be a list, not {_kind(value)}")
        for index, each in enumerate(value):
            if not isinstance(each, kinds):
                place = f"RealtimeAgent.{name}[{index}]"
                raise TypeError(f"{place} must be {_either(kinds)}, not {_kind(each)}")


def _either(kinds: tuple[Any, ...]) -> str:
    return " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)


def _kind(value: object) -> str:
    return type(value).__name__
