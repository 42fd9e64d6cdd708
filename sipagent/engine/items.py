"""The conversation as the engine keeps it: items in order, and the audio they have. Pure."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from .session_config import InvalidConfigError, Json

ROOT = "root"


class Conversation:
    """Items by id, in order."""

    def __init__(self) -> None:
        self._items: dict[str, Json] = {}
        self._order: list[str] = []
        self._audio_ms: dict[str, int] = {}
        self._cut: set[str] = set()

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    def items(self) -> list[Json]:
        """Return the items in order."""
        return [self._items[item_id] for item_id in self._order]

    def previous(self, item_id: str) -> str | None:
        """Return what stands before ``item_id``, None before the first."""
        at = self._order.index(item_id)
        return self._order[at - 1] if at else None

    def add(self, item: Json, *, after: str | None = None) -> str | None:
        """Add ``item``, which has an id; return what stands before it.

        Args:
            item: With its id.
            after: Id of the item before it, ``"root"`` for none; None appends.

        Raises:
            InvalidConfigError: If the id is taken, ``after`` is unknown, or it is the output of a
                call that was never made.
        """
        item_id = str(item["id"])
        if item_id in self._items:
            raise InvalidConfigError("item.id", f"there is an item {item_id!r} already")
        if item["type"] == "function_call_output" and not self._has_call(item["call_id"]):
            raise InvalidConfigError("item.call_id", f"there is no call {item['call_id']!r}")
        if after == ROOT:
            at = 0
        elif after is None:
            at = len(self._order)
        elif after in self._items:
            at = self._order.index(after) + 1
        else:
            raise InvalidConfigError("previous_item_id", f"there is no item {after!r}")
        self._items[item_id] = item
        self._order.insert(at, item_id)
        return self.previous(item_id)

    def item(self, item_id: str, action: str) -> Json:
        """Return an item.

        Raises:
            InvalidConfigError: If there is none; the code names ``action``.
        """
        try:
            return self._items[item_id]
        except KeyError:
            code = f"item_{action}_invalid_item_id"
            raise InvalidConfigError("item_id", f"there is no item {item_id!r}", code) from None

    def delete(self, item_id: str) -> None:
        """Remove an item.

        Raises:
            InvalidConfigError: If there is none.
        """
        self.item(item_id, "delete")
        del self._items[item_id]
        self._order.remove(item_id)
        self._audio_ms.pop(item_id, None)
        self._cut.discard(item_id)

    def set_audio_ms(self, item_id: str, audio_ms: int) -> None:
        """Note how much audio of an assistant's item was sent; a cut item grows no more."""
        if item_id in self._items and item_id not in self._cut:
            self._audio_ms[item_id] = audio_ms

    def set_transcript(self, item_id: str, transcript: str | None) -> None:
        """Note what an item's audio says; of an item that was cut, nobody knows."""
        part = self._audio_part(item_id, 0)
        if part is not None and item_id not in self._cut:
            part["transcript"] = transcript

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut an assistant's audio; its transcript goes, since nobody knows what was heard.

        Raises:
            InvalidConfigError: If it is no assistant's audio, or is not that long.
        """
        self.item(item_id, "truncate")
        part = self._audio_part(item_id, content_index)
        if part is None or part["type"] != "output_audio":
            raise InvalidConfigError("item_id", "only audio of an assistant can be truncated")
        length_ms = self._audio_ms.get(item_id, 0)
        if audio_end_ms > length_ms:
            text = f"audio of {length_ms} ms is already shorter than {audio_end_ms} ms"
            raise InvalidConfigError("audio_end_ms", text)
        self._audio_ms[item_id] = audio_end_ms
        self._cut.add(item_id)
        part["transcript"] = ""

    def snapshot(self, item_id: str) -> Json:
        """Return a copy that may be sent while the item goes on changing."""
        return deepcopy(self._items[item_id])

    def _audio_part(self, item_id: str, index: int) -> Json | None:
        """Return a part of an item if it is audio; the id may be another item's by now."""
        item = self._items.get(item_id)
        if item is None or item["type"] != "message" or index >= len(item["content"]):
            return None
        part: Json = item["content"][index]
        return part if part["type"] in ("input_audio", "output_audio") else None

    def _has_call(self, call_id: str) -> bool:
        return any(
            item["type"] == "function_call" and item["call_id"] == call_id
            for item in self._items.values()
        )


def checked_item(item: Any, item_id: str) -> Json:
    """Return a client's item, normalised.

    Raises:
        InvalidConfigError: If its type, role or content is none a client may create.
    """
    if not isinstance(item, dict):
        raise InvalidConfigError("item", "item must be an object", "invalid_type")
    checked: Json = {"object": "realtime.item", "status": "completed", **deepcopy(item)}
    if checked.get("id") in (None, ""):
        checked["id"] = item_id
    match item.get("type"):
        case "message":
            _check_texts(checked, "id")
            _check_message(checked)
        case "function_call_output":
            _check_texts(checked, "id", "call_id", "output")
        case "function_call":
            _check_texts(checked, "id", "call_id", "name", "arguments")
        case other:
            raise InvalidConfigError("item.type", f"a client cannot create an item {other!r}")
    return checked


def _check_texts(item: Json, *keys: str) -> None:
    for key in keys:
        if not isinstance(item.get(key), str):
            raise InvalidConfigError(f"item.{key}", f"item.{key} must be a string", "invalid_type")


_PARTS = {
    "system": ("input_text",),
    "user": ("input_audio", "input_image", "input_text"),
    "assistant": ("output_text",),
}


def _check_message(item: Json) -> None:
    allowed = _PARTS.get(str(item.get("role")))
    if allowed is None:
        raise InvalidConfigError("item.role", "role must be system, user or assistant")
    content = item.get("content")
    if not isinstance(content, list):
        raise InvalidConfigError("item.content", "content must be a list", "invalid_type")
    for index, part in enumerate(content):
        if not isinstance(part, dict) or part.get("type") not in allowed:
            param = f"item.content[{index}].type"
            raise InvalidConfigError(param, f"must be one of {', '.join(allowed)}")
