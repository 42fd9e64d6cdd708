"""What a new session is told of the old one: a conversation cannot be resumed, only retold.

Everything becomes text, since a client cannot create speech of the assistant: what was written,
what was transcribed, and of an answer that was cut off what the caller heard. A tool that was
called is told in one line of the system. The newest is kept when not all of it is allowed.

Items get new ids: those of the old session may be taken in the new one. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sipagent.wire.client import ConversationItemCreate

from .history_items import (
    AssistantMessage,
    FunctionCall,
    HistoryItem,
    McpApprovalRequest,
    McpCall,
    Message,
    part_text,
)

MOST_SUMMARY_CHARS = 200
"""Of a tool's arguments and of its output, each."""


def replay_items(
    items: Sequence[HistoryItem],
    *,
    most_items: int,
    most_chars: int,
    heard: Mapping[str, str] | None = None,
) -> list[ConversationItemCreate]:
    """Return what retells ``items``, in their order.

    Args:
        items: The history of the session before.
        most_items: How many are told.
        most_chars: How many characters they have together; an item with more is left out, and
            the first that does not fit ends it.
        heard: By item id, what the caller heard of answers that were interrupted.
    """
    told: list[ConversationItemCreate] = []
    left = most_chars
    for item in reversed(items):
        role, text = _retold(item, heard or {})
        if not text or len(text) > most_chars:
            continue
        left -= len(text)
        if left < 0 or len(told) >= most_items:
            break
        told.append(_message(role, text))
    return told[::-1]


def _retold(item: HistoryItem, heard: Mapping[str, str]) -> tuple[str, str]:
    """Return who says what; nothing when there is nothing to tell."""
    match item:
        case FunctionCall() | McpCall():
            return "system", _summary(item)
        case McpApprovalRequest():
            return "system", ""  # asked and answered, or asked of a session that is gone
        case AssistantMessage() if item.item_id in heard:
            return "assistant", heard[item.item_id].strip()
        case _:
            return item.ROLE, _text(item)


def _text(item: Message) -> str:
    texts = (part_text(part).strip() for part in item.content)
    return "\n".join(text for text in texts if text)


def _summary(call: FunctionCall | McpCall) -> str:
    output = "nothing yet" if call.output is None else _short(call.output)
    name, arguments = _short(call.name), _short(call.arguments)
    return f"Tool {name} was called with {arguments} and answered: {output}"


def _short(text: str) -> str:
    """Return ``text`` on one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_SUMMARY_CHARS else f"{line[: MOST_SUMMARY_CHARS - 1]}…"


def _message(role: str, text: str) -> ConversationItemCreate:
    part = {"type": "output_text" if role == "assistant" else "input_text", "text": text}
    return ConversationItemCreate(item={"type": "message", "role": role, "content": [part]})
