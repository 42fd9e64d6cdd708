"""A dialplan as its file says it: one line of business. Closed, frozen, checked key by key.

What one key cannot know, such as whether a handoff's target exists, is in ``checking``.
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from .backend import DELEGATE_TOOL, Backend
from .keypad import KEYPAD_TOOLS, Keypad
from .limits import Limits
from .line import Line
from .model import (
    AgentName,
    Glob,
    Model,
    PlanName,
    TargetUri,
    Text,
    ToolName,
    TrunkName,
    UserGlobs,
    as_tuple,
)
from .outgoing import Outgoing
from .recording import RECORDING_TOOLS, RecordingSettings
from .secret_checks import SecretFiles
from .session import SessionSettings
from .tools import PythonPath, Tool
from .transfer import TRANSFER_TOOL, Transfer

BUILTIN_TOOLS = frozenset({"hangup", TRANSFER_TOOL, DELEGATE_TOOL, *KEYPAD_TOOLS, *RECORDING_TOOLS})
"""Tools that every agent may name and no plan may define."""


class Conditions(Model):
    """``[match]``: which calls the plan takes. All conditions must hold."""

    called: UserGlobs = ("*",)
    """One of these matches the user part that was called (the Request-URI's)."""
    caller: UserGlobs = ("*",)
    """One of these matches the user part of the caller (From)."""
    asserted_caller: UserGlobs = ("*",)
    """The same on who the network says is calling, if it is trusted (RFC 3325)."""
    diverted_from: UserGlobs = ("*",)
    """The same on whom the call was for before it was sent on (RFC 5806, RFC 7044)."""
    header: dict[str, Glob] = Field(default_factory=dict)
    """Header name to glob; one value of that header must match."""
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    """Higher is asked first; the most specific globs win a tie."""
    emergency: bool = False
    """Whether the plan may take calls to emergency numbers (``sip.emergency_numbers``)."""
    trunk: Annotated[tuple[TrunkName, ...], BeforeValidator(as_tuple)] = ()
    """Trunks whose calls it takes; empty: everybody's."""

    @field_validator("header")
    @classmethod
    def _has_header_names(cls, header: dict[str, str]) -> dict[str, str]:
        for name in header:
            if not re.fullmatch(r"[A-Za-z0-9.!%*_+`'~-]+", name):  # RFC 3261 section 25.1, token
                raise ValueError(f"{name[:60]!r} is not a header name")
        return header


class Agent(Model):
    """One of ``[[agents]]``: a persona. The first one answers."""

    name: AgentName
    instructions: str = ""
    """What the model is told to be; may be left out only if there is ``session.prompt_id``."""
    tools: tuple[ToolName, ...] = ()
    """Names of ``[[tools]]``, or of built-in ones."""
    guardrails: tuple[ToolName, ...] = ()
    """Names of ``[[guardrails]]`` that what it says must pass."""
    handoffs: tuple[str, ...] = ()
    """Names of agents it may hand the caller over to."""
    handoff_description: str = ""
    """Tells the other agents when to hand over to this one."""
    voice: Text | None = None


class Guardrail(Model):
    """One of ``[[guardrails]]``: what agents must not say. One of ``phrases`` and ``python``."""

    name: ToolName
    phrases: tuple[Text, ...] = ()
    """Blocked in any case, as whole words."""
    python: PythonPath | None = None
    """``file.py:function``: takes the text so far, returns what is wrong with it, or nothing."""
    policy_hint: str = ""
    """Why, for the model; the name when empty."""

    @model_validator(mode="after")
    def _has_one_check(self) -> Self:
        if bool(self.phrases) == (self.python is not None):
            raise ValueError("needs phrases or python, and not both")
        return self


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
    match: Conditions = Conditions()
    session: SessionSettings = SessionSettings()
    agents: Annotated[tuple[Agent, ...], Field(min_length=1)] = ()
    keypad: Keypad = Keypad()
    tools: tuple[Tool, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    line: Line = Line()
    transfer: Transfer | None = None
    limits: Limits = Limits()
    recording: RecordingSettings = RecordingSettings()
    backend: Backend | None = None
    outgoing: Outgoing = Outgoing()
    secrets: SecretFiles = Field(default_factory=dict)
    refuse: Refuse | None = None
    refer: Refer | None = None
