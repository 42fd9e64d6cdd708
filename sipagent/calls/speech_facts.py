"""What was said and heard on a call, and who cut whom off; see ``facts``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallerSpeechStarted:
    """The endpoint's VAD heard the caller."""

    item_id: str


@dataclass(frozen=True, slots=True)
class CallerSpeechStopped:
    """The endpoint's VAD ended the caller's turn."""

    item_id: str


@dataclass(frozen=True, slots=True)
class CallerSaid:
    """Transcript of one caller turn."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentSoundStarted:
    """The first frame of an answer was handed to the leg, or played by the endpoint."""

    item_id: str
    agent: str
    gap_ms: int | None
    """From the caller's last word to this frame; None when nobody had asked."""


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """Transcript of one agent item, whole, and how much of it reached the caller."""

    item_id: str
    agent: str
    said: str
    heard: str
    """The part of ``said`` that was played, estimated by the share of its audio that was."""
    heard_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class AgentSaidSoFar:
    """What an agent is saying, as far as it is known and was heard; ``AgentSaid`` is its end."""

    item_id: str
    agent: str
    said: str
    heard: str
    heard_ms: int


@dataclass(frozen=True, slots=True)
class CallerSaidSoFar:
    """What the caller is saying, as far as it is known; ``CallerSaid`` is its end."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class BargedIn:
    """The caller took the floor while the agent was heard."""

    item_id: str
    heard_ms: int
    stop_ms: int | None
    """From the barge-in event to the last voiced frame handed to the leg; None where the endpoint
    plays, and nobody here knows."""


@dataclass(frozen=True, slots=True)
class TruncateConfirmed:
    """The endpoint cut the item where it was told to."""

    item_id: str
    error_ms: int
    """Difference between the position confirmed and what the leg really got."""


@dataclass(frozen=True, slots=True)
class AnswerBlocked:
    """A guardrail stopped what an agent was saying."""

    item_id: str
    guardrail: str
    held_ms: int
    """Of audio that was never heard."""
    heard_ms: int
    """Of audio that was heard before the check came back."""
