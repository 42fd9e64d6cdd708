"""Items as an endpoint tells them, and a history that was told some."""

from __future__ import annotations

from typing import Any

from sipagent.realtime.history import History, HistoryChange
from sipagent.realtime.history_items import AssistantMessage, SystemMessage, UserMessage, part_text

Wire = dict[str, Any]
NO_CHANGE = HistoryChange()


def user(item_id: str, transcript: str | None = None, status: str = "completed") -> Wire:
    content = [{"type": "input_audio", "transcript": transcript}]
    return {"id": item_id, "type": "message", "role": "user", "status": status, "content": content}


def agent(item_id: str, *transcripts: str | None, status: str = "completed") -> Wire:
    content = [{"type": "output_audio", "transcript": each} for each in transcripts]
    fields = {"type": "message", "role": "assistant", "status": status, "content": content}
    return {"id": item_id, **fields}


def typed(item_id: str, text: str) -> Wire:
    content = [{"type": "input_text", "text": text}]
    return {"id": item_id, "type": "message", "role": "user", "content": content}


def call(item_id: str, call_id: str, status: str = "completed") -> Wire:
    fields = {"type": "function_call", "status": status, "name": "look_up", "arguments": "{}"}
    return {"id": item_id, "call_id": call_id, **fields}


def approval(item_id: str) -> Wire:
    fields = {"server_label": "shop", "name": "buy", "arguments": '{"what":"tea"}'}
    return {"id": item_id, "type": "mcp_approval_request", **fields}


def with_items(*items: Wire) -> History:
    history = History()
    for item in items:
        history.taken(item)
    return history


def ids(history: History) -> list[str]:
    return [item.item_id for item in history.items]


def texts(history: History) -> list[str]:
    return [
        "/".join(part_text(part) for part in item.content)
        for item in history.items
        if isinstance(item, SystemMessage | UserMessage | AssistantMessage)
    ]
