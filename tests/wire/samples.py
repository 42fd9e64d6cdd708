"""One event of every class, with every field it has, as a server or a client would send it."""

from __future__ import annotations

from sipagent.wire import client, server
from sipagent.wire.events import Event, Json

PCM: Json = {"type": "audio/pcm", "rate": 24_000}
TOOL: Json = {
    "type": "function",
    "name": "look_up",
    "description": "Find an order.",
    "parameters": {"type": "object", "properties": {}},
}
SESSION: Json = {
    "type": "realtime",
    "model": "gpt-realtime",
    "output_modalities": ["audio"],
    "instructions": "Be brief.",
    "tools": [TOOL],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "tracing": None,
    "truncation": "auto",
    "prompt": None,
    "include": None,
    "audio": {
        "input": {
            "format": PCM,
            "transcription": {"model": "whisper-1"},
            "noise_reduction": {"type": "near_field"},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 500,
                "idle_timeout_ms": None,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin", "speed": 1.0},
    },
}
ITEM: Json = {
    "id": "item_2",
    "object": "realtime.item",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_audio", "transcript": "Good morning."}],
}
USER_ITEM: Json = {
    "id": "item_1",
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "Hello?"}],
}
CALL_ITEM: Json = {
    "id": "item_3",
    "object": "realtime.item",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "look_up",
    "arguments": "{}",
}
RESPONSE: Json = {
    "id": "resp_1",
    "object": "realtime.response",
    "status": "cancelled",
    "status_details": {"type": "cancelled", "reason": "turn_detected"},
    "output": [ITEM, CALL_ITEM],
    "conversation_id": "conv_1",
    "output_modalities": ["audio"],
    "max_output_tokens": 4_096,
    "audio": {"output": {"format": PCM, "voice": "marin"}},
    "metadata": {"purpose": "greeting"},
    "usage": {
        "total_tokens": 5,
        "input_tokens": 2,
        "output_tokens": 3,
        "input_token_details": {"text_tokens": 1, "audio_tokens": 1, "cached_tokens": 0},
        "output_token_details": {"text_tokens": 1, "audio_tokens": 2},
    },
}
LOGPROBS: list[Json] = [{"token": "Hel", "logprob": -0.5, "bytes": [72, 101, 108]}]
_USER: Json = {"event_id": "event_1", "item_id": "item_1"}
_IN_USER: Json = {**_USER, "content_index": 0}
_ITEM: Json = {"event_id": "event_1", "response_id": "resp_1", "output_index": 0}
_CALL: Json = {**_ITEM, "item_id": "item_3", "call_id": "call_1"}
_MCP: Json = {"event_id": "event_1", "item_id": "item_4", "output_index": 1}
_MCP_ARGUMENTS: Json = {**_MCP, "response_id": "resp_1"}
_CONTENT: Json = {**_ITEM, "item_id": "item_2", "content_index": 0}
_PLAYED: Json = {"event_id": "event_1", "response_id": "resp_1"}

SERVER_SAMPLES: tuple[Event, ...] = (
    server.ErrorEvent(
        event_id="event_1",
        error=server.ErrorDetail(
            type="invalid_request_error",
            message="Conversation already has an active response",
            code="conversation_already_has_active_response",
            param="response",
            event_id="mine_1",
        ),
    ),
    server.SessionCreated(event_id="event_1", session=SESSION),
    server.SessionUpdated(event_id="event_1", session=SESSION),
    server.RateLimitsUpdated(
        event_id="event_1",
        rate_limits=[{"name": "tokens", "limit": 9, "remaining": 7, "reset_seconds": 0.5}],
    ),
    server.ConversationCreated(
        event_id="event_1", conversation={"id": "conv_1", "object": "realtime.conversation"}
    ),
    server.ConversationItemAdded(event_id="event_1", item=ITEM, previous_item_id="item_1"),
    server.ConversationItemDone(event_id="event_1", item=USER_ITEM, previous_item_id=None),
    server.ConversationItemRetrieved(event_id="event_1", item=ITEM),
    server.ConversationItemTruncated(
        event_id="event_1", item_id="item_2", content_index=0, audio_end_ms=60
    ),
    server.ConversationItemDeleted(**_USER),
    server.InputAudioTranscriptionDelta(
        **_IN_USER, delta="Hel", logprobs=LOGPROBS, obfuscation="xyz"
    ),
    server.InputAudioTranscriptionCompleted(
        **_IN_USER,
        transcript="Hello?",
        usage={"type": "duration", "seconds": 1.5},
        logprobs=LOGPROBS,
        languages=[{"code": "en"}],
    ),
    server.InputAudioTranscriptionFailed(**_IN_USER, error={"code": "c", "message": "m"}),
    server.InputAudioTranscriptionSegment(
        **_IN_USER, id="seg_1", text="Hello?", speaker="A", start=0.25, end=1.5
    ),
    server.InputAudioBufferCommitted(**_USER, previous_item_id=None),
    server.InputAudioBufferCleared(event_id="event_1"),
    server.InputAudioBufferSpeechStarted(**_USER, audio_start_ms=40),
    server.InputAudioBufferSpeechStopped(**_USER, audio_end_ms=900),
    server.InputAudioBufferTimeoutTriggered(**_USER, audio_start_ms=40, audio_end_ms=900),
    server.InputAudioBufferDtmfEventReceived(event="5", received_at=1_763_000_000),
    server.OutputAudioBufferStarted(**_PLAYED),
    server.OutputAudioBufferStopped(**_PLAYED),
    server.OutputAudioBufferCleared(**_PLAYED),
    server.ResponseCreated(event_id="event_1", response=RESPONSE),
    server.ResponseDone(event_id="event_1", response=RESPONSE),
    server.ResponseOutputItemAdded(**_ITEM, item=ITEM),
    server.ResponseOutputItemDone(**_ITEM, item=CALL_ITEM),
    server.ResponseContentPartAdded(**_CONTENT, part={"type": "audio", "transcript": ""}),
    server.ResponseContentPartDone(**_CONTENT, part={"type": "text", "text": "Good morning."}),
    server.ResponseOutputTextDelta(**_CONTENT, delta="Good"),
    server.ResponseOutputTextDone(**_CONTENT, text="Good morning."),
    server.ResponseOutputAudioTranscriptDelta(**_CONTENT, delta="Good"),
    server.ResponseOutputAudioTranscriptDone(**_CONTENT, transcript="Good morning."),
    server.ResponseOutputAudioDelta(**_CONTENT, delta="/38="),
    server.ResponseOutputAudioDone(**_CONTENT),
    server.ResponseFunctionCallArgumentsDelta(**_CALL, delta="{"),
    server.ResponseFunctionCallArgumentsDone(**_CALL, name="look_up", arguments="{}"),
    server.McpListToolsInProgress(**_USER),
    server.McpListToolsCompleted(**_USER),
    server.McpListToolsFailed(**_USER),
    server.ResponseMcpCallArgumentsDelta(**_MCP_ARGUMENTS, delta="{", obfuscation="xyz"),
    server.ResponseMcpCallArgumentsDone(**_MCP_ARGUMENTS, arguments="{}"),
    server.ResponseMcpCallInProgress(**_MCP),
    server.ResponseMcpCallCompleted(**_MCP),
    server.ResponseMcpCallFailed(**_MCP),
)

CLIENT_SAMPLES: tuple[Event, ...] = (
    client.SessionUpdate(event_id="mine_1", session=SESSION),
    client.InputAudioBufferAppend(event_id="mine_1", audio="/38="),
    client.InputAudioBufferCommit(event_id="mine_1"),
    client.InputAudioBufferClear(event_id="mine_1"),
    client.OutputAudioBufferClear(event_id="mine_1"),
    client.ConversationItemCreate(event_id="mine_1", item=USER_ITEM, previous_item_id="root"),
    client.ConversationItemRetrieve(event_id="mine_1", item_id="item_2"),
    client.ConversationItemTruncate(
        event_id="mine_1", item_id="item_2", content_index=0, audio_end_ms=60
    ),
    client.ConversationItemDelete(event_id="mine_1", item_id="item_2"),
    client.ResponseCreate(
        event_id="mine_1",
        response={
            "instructions": "Greet.",
            "conversation": "none",
            "output_modalities": ["text"],
            "max_output_tokens": 100,
            "metadata": {"purpose": "greeting"},
            "input": [USER_ITEM],
            "tools": [TOOL],
            "tool_choice": "none",
            "audio": {"output": {"format": PCM, "voice": "marin"}},
        },
    ),
    client.ResponseCancel(event_id="mine_1", response_id="resp_1"),
)
