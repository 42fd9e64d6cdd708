"""Events of the endpoint as events of the session, where one follows from the other alone. Pure."""

from __future__ import annotations

from typing import TypeAlias

from sipagent.wire import server

from . import conversation_events, events
from .sequencer import ACTIVE_RESPONSE

AnswerPart: TypeAlias = (
    server.ResponseOutputAudioDone
    | server.ResponseOutputAudioTranscriptDelta
    | server.ResponseOutputAudioTranscriptDone
    | server.ResponseOutputTextDelta
    | server.ResponseOutputTextDone
)
"""Of what an agent says, but for its audio; of an interrupted response nothing counts."""

BENIGN_ERRORS = frozenset(
    {ACTIVE_RESPONSE, "response_cancel_not_active", "input_audio_buffer_commit_empty"}
)
"""Races every client has; not worth telling anybody."""

FATAL_ERRORS = frozenset(
    {"session_expired", "invalid_api_key", "model_not_found", "insufficient_quota"}
)


def told_of_answer(part: AnswerPart, *, now: float) -> events.SessionEvent:
    """Return what is told of what the agent says."""
    response_id, item_id = part.response_id, part.item_id
    match part:
        case server.ResponseOutputAudioDone(content_index=content_index):
            return events.AudioDone(response_id, item_id, content_index, now)
        case server.ResponseOutputAudioTranscriptDelta(delta=delta):
            return events.AgentTranscriptDelta(response_id, item_id, delta, now)
        case server.ResponseOutputAudioTranscriptDone(transcript=text):
            return events.AgentTranscript(response_id, item_id, text, now)
        case server.ResponseOutputTextDelta(delta=delta):
            return conversation_events.AgentTextDelta(response_id, item_id, delta, now)
        case server.ResponseOutputTextDone(text=text):
            return conversation_events.AgentText(response_id, item_id, text, now)


def told_of_caller(event: server.ServerEvent, *, now: float) -> events.SessionEvent | None:
    """Return what is told of the caller, and of the line between; None for what needs thought."""
    match event:
        case server.InputAudioBufferSpeechStarted(item_id=item_id):
            return events.SpeechStarted(item_id, event.audio_start_ms, now)
        case server.InputAudioBufferSpeechStopped(item_id=item_id):
            return events.SpeechStopped(item_id, event.audio_end_ms, now)
        case server.InputAudioTranscriptionDelta(item_id=item_id, delta=delta):
            return conversation_events.UserTranscriptDelta(item_id, delta, now)
        case server.InputAudioTranscriptionCompleted(item_id=item_id, transcript=text):
            return events.UserTranscript(item_id, text.strip(), now)
        case server.ConversationItemTruncated(item_id=item_id):
            return events.ItemTruncated(item_id, event.audio_end_ms, now)
        case server.InputAudioBufferTimeoutTriggered(item_id=item_id):
            start_ms, end_ms = event.audio_start_ms, event.audio_end_ms
            return conversation_events.IdleTimedOut(item_id, start_ms, end_ms, now)
        case server.InputAudioBufferDtmfEventReceived(event=digit, received_at=received_at):
            return conversation_events.DtmfReceived(digit, received_at, "realtime", now)
        case server.OutputAudioBufferStarted(response_id=response_id):
            return conversation_events.OutputStarted(response_id, now)
        case server.OutputAudioBufferStopped(response_id=response_id):
            return conversation_events.OutputStopped(response_id, now)
        case server.OutputAudioBufferCleared(response_id=response_id):
            return conversation_events.OutputCleared(response_id, now)
        case server.RateLimitsUpdated(rate_limits=limits):
            return conversation_events.RateLimitsReported(tuple(limits), now)
        case _:
            return None


def told_of_error(error: server.ErrorDetail, *, now: float) -> events.SessionErrorReported | None:
    """Return what is told of an error; None for a race that every client has."""
    if error.code in BENIGN_ERRORS:
        return None
    is_fatal = error.code in FATAL_ERRORS
    code, param = error.code or error.type, error.param or ""
    return events.SessionErrorReported(code, error.message, param, is_fatal, now)
