"""What guardrails mean for the agent's audio: let go on, held back, or thrown away."""

from __future__ import annotations

from typing import TypeAlias

from sipagent.realtime.conversation_events import (
    AudioStarted,
    GuardrailCheckPassed,
    GuardrailCheckStarted,
    GuardrailTripped,
)

from .agent_audio import AgentAudio
from .facts import AnswerBlocked

CheckEvent: TypeAlias = (
    AudioStarted | GuardrailCheckStarted | GuardrailCheckPassed | GuardrailTripped
)


def apply_check(audio: AgentAudio, event: CheckEvent, *, now: float) -> AnswerBlocked | None:
    """Do to ``audio`` what ``event`` means for it; return what is told, if an answer is blocked."""
    match event:
        case AudioStarted(agent=agent, response_id=response_id):
            if not agent.output_guardrails:
                audio.trust(response_id)
        case GuardrailCheckStarted(check=check):
            audio.check_started(check)
        case GuardrailCheckPassed():
            audio.check_passed(event, now=now)
        case GuardrailTripped(trip=trip):
            blocked = audio.block(trip)
            name = trip.tripwire.guardrail
            return AnswerBlocked(trip.item_id, name, blocked.held_ms, blocked.heard_ms)
    return None
