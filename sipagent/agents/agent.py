"""A voice agent, declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .tools import FunctionTool


@dataclass(slots=True, eq=False)
class RealtimeAgent:
    """Who speaks: a persona of one session. All agents of a session share one model."""

    name: str
    instructions: str = ""
    tools: list[FunctionTool] = field(default_factory=list)
    handoffs: list[RealtimeAgent] = field(default_factory=list)
    """To whom it may hand over; cycles are allowed."""
    handoff_description: str = ""
    """Tells other agents when to hand over to this one."""
    voice: str | None = None
    prompt: dict[str, Any] | None = None
    """``{id, version?, variables?}`` of a stored prompt."""
