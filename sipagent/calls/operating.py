"""What an operator wants of a call: whether it can be done, now, there. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sipagent.operator_acts import (
    ActAnswer,
    Flag,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)

WHISPERED = (
    "Note from the operator of this line. The caller does not hear it; do not read it out,"
    " act on it: {text}"
)
TAKES_OVER = "You take over this call now. Say so in one short sentence, and go on where it stands."
"""Of the new persona's first response."""

BEING_TRANSFERRED = "The operator of this line is transferring the caller to {target}."


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a call matters to it."""

    is_talking: bool
    """Whether caller and agent talk: answered, and not about to end."""
    agent: str
    """Who speaks."""
    agents: Collection[str]
    """Of the plan."""
    targets: Collection[str]
    """Where the plan transfers callers."""
    has_session: bool = True
    """False while another one is opened after a loss."""
    is_bridged: bool = False
    """Whether the caller talks to somebody else through us, and the agent is gone."""
    is_transferring: bool = False
    is_attached: bool = False
    """Whether the provider has the audio."""
    is_agent_muted: bool = False


def objection(act: OperatorAct, sight: Sight) -> ActAnswer | None:
    """Return why ``act`` cannot be done, None if it can."""
    if isinstance(act, HangUp | Flag):
        return None
    if not sight.is_talking:
        return ActAnswer(409, "caller and agent do not talk yet, or no more")
    if sight.is_bridged:
        return ActAnswer(409, "the agent is gone: the caller talks to somebody else")
    match act:
        case TransferTo():
            return _transfer_objection(act, sight)
        case Say() if sight.is_agent_muted:
            return ActAnswer(409, "the caller does not hear the agent: unmute it first")
        case Say() if sight.is_attached and not sight.has_session:
            return ActAnswer(409, "there is no session now, and the audio does not pass here")
        case Whisper() | HandOver() if not sight.has_session:
            return ActAnswer(409, "there is no session now; another one is being opened")
        case Mute() if sight.is_attached:
            return ActAnswer(409, "the provider has the audio of this call")
        case HandOver(agent):
            return _hand_over_objection(agent, sight)
        case _:
            return None


def _transfer_objection(act: TransferTo, sight: Sight) -> ActAnswer | None:
    if sight.is_transferring:
        return ActAnswer(409, "the caller is being transferred already")
    if not act.uri and act.target not in sight.targets:
        known = ", ".join(sight.targets) or "none"
        return ActAnswer(404, f"the plan has no such target; it has: {known}")
    return None


def _hand_over_objection(agent: str, sight: Sight) -> ActAnswer | None:
    if agent not in sight.agents:
        return ActAnswer(404, f"the plan has no such agent; it has: {', '.join(sight.agents)}")
    if agent == sight.agent:
        return ActAnswer(409, "it speaks already")
    return None
