"""A dialplan as its file says it: one line of business. Closed, frozen, checked key by key.

What one key cannot know, such as whether a handoff's target exists, is in ``checking``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .backend import DELEGATE_TOOL, Backend
from .conditions import Conditions
from .fallback import Fallback
from .guardrail import Guardrail
from .includes import Includes
from .keypad import KEYPAD_TOOLS, Keypad
from .limits import Limits
from .line import Line
from .mcp import Mcp
from .message import MESSAGE_TOOLS, Message
from .model import (
    AgentName,
    Model,
    PlanName,
    TargetUri,
    Text,
    ToolName,
)
from .outgoing import Outgoing
from .recording import RECORDING_TOOLS, RecordingSettings
from .secret_checks import SecretFiles
from .session import SessionSettings
from .tools import Tool
from .transfer import TRANSFER_TOOL, Transfer

BUILTIN_TOOLS = frozenset(
    {"hangup", TRANSFER_TOOL, DELEGATE_TOOL, *KEYPAD_TOOLS, *RECORDING_TOOLS, *MESSAGE_TOOLS}
)
"""Tools that every agent may name and no plan may define."""


class Agent(Model):
    """One of ``[[agents]]``: a persona. The first one answers."""

    name: AgentName
    instructions: str = ""
    """What the model is told to be; may be left out only if there is ``session.prompt_id``."""
    tools: tuple[ToolName, ...] = ()
    """Names of ``[[tools]]``, or of built-in ones."""
    mcp: tuple[ToolName, ...] = ()
    """Names of ``[[mcp]]``, whose tools it has."""
    guardrails: tuple[ToolName, ...] = ()
    """Names of ``[[guardrails]]`` that what it says must pass."""
    handoffs: tuple[str, ...] = ()
    """Names of agents it may hand the caller over to."""
    handoff_description: str = ""
    """Tells the other agents when to hand over to this one."""
    voice: Text | None = None


class Refuse(Model):
    """``[refuse]``: the plan takes no call, and says so."""

    status: Annotated[int, Field(ge=400, le=699)] = 603
    """Of the response (RFC 3261 section 21)."""


class Refer(Model):
    """``[refer]``: the plan sends its calls elsewhere, unanswered."""

    target_uri: TargetUri
    """Whom the caller is to call instead."""


class Dialplan(Model):
    """One file: which calls, how the session is set up, who answers, with which tools.

    Or which calls are refused, or sent elsewhere: it has one of ``agents``, ``refuse``, ``refer``.
    """

    name: PlanName
    include: Includes = ()
    match: Conditions = Conditions()
    session: SessionSettings = SessionSettings()
    agents: Annotated[tuple[Agent, ...], Field(min_length=1)] = ()
    keypad: Keypad = Keypad()
    tools: tuple[Tool, ...] = ()
    mcp: tuple[Mcp, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    line: Line = Line()
    transfer: Transfer | None = None
    limits: Limits = Limits()
    recording: RecordingSettings = RecordingSettings()
    backend: Backend | None = None
    outgoing: Outgoing = Outgoing()
    message: Message | None = None
    fallback: Fallback = Fallback()
    secrets: SecretFiles = Field(default_factory=dict)
    refuse: Refuse | None = None
    refer: Refer | None = None
