"""Items as JSON: read as an endpoint says them, shown as tools and admin interfaces see them.

An endpoint may say anything, so a field of a wrong type counts as absent and a part nobody knows
is left out; only an item without an id, a known type or a known role is none. Part types of the
beta protocol, ``text`` and ``audio``, are read as ``output_text`` and ``output_audio``. What is
shown of an item reads as the same item.

Pure.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from sipagent.wire.events import Json

from .history_items import (
    AssistantMessage,
    AssistantPart,
    FunctionCall,
    HistoryItem,
    InputAudio,
    InputImage,
    InputText,
    McpApprovalRequest,
    McpCall,
    Message,
    OutputAudio,
    OutputText,
    Status,
    SystemMessage,
    UserMessage,
    UserPart,
)


def from_wire(item: Json, *, store_audio: bool) -> HistoryItem | None:
    """Return an item of the endpoint's as history keeps it; None if history does not.

    Args:
        item: As it came (Realtime: conversation item).
        store_audio: Whether base64 audio is kept, if there is any.
    """
    item_id = _text(item.get("id"))
    if not item_id:
        return None
    name, arguments = _text(item.get("name")), _as_text(item.get("arguments"))
    output = _text_or_none(item.get("output"))
    match item.get("type"):
        case "message":
            return _message(item_id, item, store_audio)
        case "function_call":
            return FunctionCall(item_id, _text(item.get("call_id")), name, arguments, output)
        case "mcp_call":
            ended: Status = "incomplete" if isinstance(item.get("error"), dict) else "completed"
            is_going_on = output is None and ended == "completed"
            status = _status(item.get("status")) or ("in_progress" if is_going_on else ended)
            return McpCall(item_id, name, arguments, output, status)
        case "mcp_approval_request":
            label, approved = _text(item.get("server_label")), item.get("approved")
            known = approved if isinstance(approved, bool) else None
            return McpApprovalRequest(item_id, label, name, arguments, known)
        case _:
            return None


def to_json(item: HistoryItem) -> Json:
    """Return ``item`` as tools and admin interfaces see it; nothing of it is shared."""
    head: Json = {"item_id": item.item_id}
    if item.previous_item_id is not None:
        head["previous_item_id"] = item.previous_item_id
    if isinstance(item, SystemMessage | UserMessage | AssistantMessage):
        head |= {"type": "message", "role": item.ROLE}
        if not isinstance(item, SystemMessage):
            head["status"] = item.status
        return {**head, "content": [{"type": part.TYPE, **asdict(part)} for part in item.content]}
    head["type"] = item.TYPE
    if isinstance(item, McpApprovalRequest):
        arguments = _object(item.arguments)
        label, approved = item.server_label, item.approved
        told = {"server_label": label, "name": item.name, "arguments": arguments}
        return {**head, **told, "approved": approved}
    if isinstance(item, FunctionCall):
        head["call_id"] = item.call_id
    told = {"status": item.status, "name": item.name, "arguments": item.arguments}
    return {**head, **told, "output": item.output}


def _message(item_id: str, item: Json, store_audio: bool) -> Message | None:
    content, status = item.get("content"), _status(item.get("status")) or "completed"
    listed = content if isinstance(content, list) else []
    parts = [part for part in listed if isinstance(part, dict)]
    match item.get("role"):
        case "system":
            texts = [each.get("text") for each in parts if each.get("type") == "input_text"]
            return SystemMessage(item_id, tuple(InputText(_text(text)) for text in texts))
        case "user":
            heard = [_user_part(each, store_audio) for each in parts]
            is_over = status != "in_progress"
            return UserMessage(
                item_id,
                tuple(part for part in heard if part is not None),
                "completed" if is_over else "in_progress",
            )
        case "assistant":
            spoken = [_assistant_part(each, store_audio) for each in parts]
            said = tuple(part for part in spoken if part is not None)
            return AssistantMessage(item_id, said, status)
        case _:
            return None


def _user_part(part: Json, store_audio: bool) -> UserPart | None:
    audio = _text_or_none(part.get("audio")) if store_audio else None
    match part.get("type"):
        case "input_text":
            return InputText(_text(part.get("text")))
        case "input_audio":
            return InputAudio(audio, _text_or_none(part.get("transcript")))
        case "input_image":
            return InputImage(_text(part.get("image_url")), _text(part.get("detail")) or "auto")
        case _:
            return None


def _assistant_part(part: Json, store_audio: bool) -> AssistantPart | None:
    audio = _text_or_none(part.get("audio")) if store_audio else None
    match part.get("type"):
        case "output_text" | "text":
            return OutputText(_text(part.get("text")))
        case "output_audio" | "audio":
            return OutputAudio(audio, _text_or_none(part.get("transcript")))
        case _:
            return None


def _status(value: object) -> Status | None:
    match value:
        case "in_progress" | "completed" | "incomplete":
            return value
        case _:
            return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _as_text(arguments: object) -> str:
    """Return arguments as JSON text, which the wire has them in and our own form may not."""
    if not isinstance(arguments, dict):
        return _text(arguments)
    try:
        return orjson.dumps(arguments).decode()
    except orjson.JSONEncodeError:
        return ""


def _object(arguments: str) -> Json:
    """Return arguments as an object, empty if they are none that could be written again."""
    try:
        read: Any = orjson.loads(arguments)
        orjson.dumps(read)  # reads deeper than it writes
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return {}
    return read if isinstance(read, dict) else {}
