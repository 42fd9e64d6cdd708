"""What is told while a call lasts, for whoever looks at it meanwhile; see ``facts``.

Records are made of what is told at the end of each of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AgentWorded:
    """The words of an agent item are known; most of it is yet to be heard (``AgentSaid``)."""

    item_id: str
    agent: str
    text: str


@dataclass(frozen=True, slots=True)
class OperatorActed:
    """A person on duty had something done on the call."""

    act: str
    """See ``operator_acts.act_name``."""
    by: str
    """Name of the token with which it was asked for."""
    what: dict[str, Any]
    """What was wanted: a target, words, an agent."""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool runs; ``ToolCalled`` is its end."""

    tool_call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class LineSeen:
    """How the line has been so far; ``LineMeasured`` is its end."""

    packets_in: int
    packets_out: int
    lost_in: int
    lost_out: int
    jitter_ms: float
    rtt_ms: float
    mos_in: float | None
    mos_out: float | None
