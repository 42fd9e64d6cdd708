"""What is told while a call lasts, for whoever looks at it meanwhile; see ``facts``.

Records are made of what is told at the end of each of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


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


@dataclass(frozen=True, slots=True)
class SecondSeen:
    """The last second of the leg's media."""

    packets_in: int
    """Since the beginning, as the next two."""
    packets_out: int
    lost_in: int
    level_in_dbov: float | None
    """Of its loudest frame; None: there was none."""
    level_out_dbov: float | None
    queued_ms: int
    """Of the agent's audio that waits to be heard."""


@dataclass(frozen=True, slots=True)
class RealtimeMessage:
    """A message to or from the endpoint, but for audio and other parts of what comes whole."""

    direction: Literal["in", "out"]
    type: str
    id: str
    """Of the item, response or tool call it is about; ``""``: of none."""
