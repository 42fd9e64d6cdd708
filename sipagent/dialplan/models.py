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
    """No two agents have the same."""
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
    """Used if ``session.voice`` is not given, until the first word is spoken."""


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
    """In logs, records and metrics; no two plans have the same."""
    include: Includes = ()
    """Parts that several plans share."""
    match: Conditions = Conditions()
    """Which calls."""
    session: SessionSettings = SessionSettings()
    """How the conversation is set up."""
    agents: Annotated[tuple[Agent, ...], Field(min_length=1)] = ()
    """Who answers; the first one does."""
    keypad: Keypad = Keypad()
    """What becomes of keys that callers press."""
    tools: tuple[Tool, ...] = ()
    """What agents can do."""
    mcp: tuple[Mcp, ...] = ()
    """Servers whose tools agents have."""
    guardrails: tuple[Guardrail, ...] = ()
    """What agents must not say."""
    line: Line = Line()
    """The signalling and the media of its calls."""
    transfer: Transfer | None = None
    """Where agents may transfer callers."""
    limits: Limits = Limits()
    """How long calls last, and what becomes of silence."""
    recording: RecordingSettings = RecordingSettings()
    """Whether calls are recorded."""
    backend: Backend | None = None
    """An agent that works in writing while the caller waits."""
    outgoing: Outgoing = Outgoing()
    """How calls are placed with this plan."""
    message: Message | None = None
    """Where messages go that agents take."""
    fallback: Fallback = Fallback()
    """What becomes of calls when something fails."""
    secrets: SecretFiles = Field(default_factory=dict)
    """Files that hold keys and passwords, by the names that texts have for them."""
    refuse: Refuse | None = None
    """Instead of agents: the calls are refused."""
    refer: Refer | None = None
    """Instead of agents: somebody else is to be called."""
