"""The conversation as the engine keeps it: items in order, and the audio they have. Pure."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from typing import Any

from .audio_store import AudioStore
from .checks import InvalidConfigError, Json, flag, mapping, sequence, text

ROOT = "root"


class Conversation:
    """Items by id, in order."""

    def __init__(self) -> None:
        self._items: dict[str, Json] = {}
        self._order: list[str] = []
        self._audio_ms: dict[str, int] = {}
        self._audio = AudioStore()
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
            InvalidConfigError: If the id is taken, ``after`` is unknown, or it answers a call or a
                request for approval that was never made.
        """
        item_id = str(item["id"])
        if item_id in self._items:
            raise InvalidConfigError("item.id", f"there is an item {item_id!r} already")
        if item["type"] == "function_call_output" and not self._has_call(item["call_id"]):
            raise InvalidConfigError("item.call_id", f"there is no call {item['call_id']!r}")
        if item["type"] == "mcp_approval_response":
            self._check_request(item["approval_request_id"])
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
        self._audio.drop(item_id)
        self._cut.discard(item_id)

    def set_audio_ms(self, item_id: str, audio_ms: int) -> None:
        """Note how much audio of an assistant's item was sent; a cut item grows no more."""
        if item_id in self._items and item_id not in self._cut:
            self._audio_ms[item_id] = audio_ms

    def audio_ms(self, item_id: str) -> int:
        """Return how much audio of an assistant's item there is."""
        return self._audio_ms.get(item_id, 0)

    def keep_audio(self, item_id: str, audio: bytes, *, bytes_per_ms: int) -> None:
        """Keep more of how an item sounds; a cut item grows no more."""
        if self._audio_part(item_id, 0) is not None and item_id not in self._cut:
            self._audio.append(item_id, audio, bytes_per_ms=bytes_per_ms)

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
        length_ms = self.audio_ms(item_id)
        if audio_end_ms > length_ms:
            why = f"audio of {length_ms} ms is already shorter than {audio_end_ms} ms"
            raise InvalidConfigError("audio_end_ms", why)
        self._audio_ms[item_id] = audio_end_ms
        self._audio.cut(item_id, audio_end_ms)
        self._cut.add(item_id)
        part["transcript"] = ""

    def snapshot(self, item_id: str) -> Json:
        """Return a copy that may be sent while the item goes on changing."""
        return deepcopy(self._items[item_id])

    def with_audio(self, item_id: str) -> Json:
        """Return a copy with its sound, as far as that is kept."""
        item = self.snapshot(item_id)
        audio = self._audio.audio(item_id)
        if audio is not None:
            item["content"][0]["audio"] = b64encode(audio).decode()
        return item

    def _audio_part(self, item_id: str, index: int) -> Json | None:
        """Return a part of an item if it is audio; the id may be another item's by now."""
        item = self._items.get(item_id)
        if item is None or item["type"] != "message" or index >= len(item["content"]):
            return None
        part: Json = item["content"][index]
        return part if part["type"] in ("input_audio", "output_audio") else None

    def _check_request(self, request_id: str) -> None:
        param = "item.approval_request_id"
        if self._items.get(request_id, {}).get("type") != "mcp_approval_request":
            raise InvalidConfigError(param, f"there is no request {request_id!r}")
        if any(each.get("approval_request_id") == request_id for each in self._items.values()):
            raise InvalidConfigError(param, f"{request_id!r} is answered already")

    def _has_call(self, call_id: str) -> bool:
        return any(
            item["type"] == "function_call" and item["call_id"] == call_id
            for item in self._items.values()
        )


def checked_item(item: Any, item_id: str, path: str = "item") -> Json:
    """Return a client's item, normalised.

    Args:
        item: Of the wire.
        item_id: Given to it if it has none.
        path: Where it stands, for errors.

    Raises:
        InvalidConfigError: If its type, role or content is none a client may create.
    """
    checked: Json = {
        "object": "realtime.item",
        "status": "completed",
        **deepcopy(mapping(item, path)),
    }
    if checked.get("id") in (None, ""):
        checked["id"] = item_id
    text(checked["id"], f"{path}.id")
    match item.get("type"):
        case "message":
            _check_message(checked, path)
        case "function_call_output":
            _check_texts(checked, path, "call_id", "output")
        case "function_call":
            _check_texts(checked, path, "call_id", "name", "arguments")
        case "mcp_approval_response":
            _check_texts(checked, path, "approval_request_id")
            flag(checked.get("approve"), f"{path}.approve")
            if checked.get("reason") is not None:
                _check_texts(checked, path, "reason")
        case other:
            raise InvalidConfigError(f"{path}.type", f"a client cannot create an item {other!r}")
    return checked


def _check_texts(item: Json, path: str, *keys: str) -> None:
    for key in keys:
        text(item.get(key), f"{path}.{key}")


_PARTS = {
    "system": ("input_text",),
    "user": ("input_audio", "input_image", "input_text"),
    "assistant": ("output_text",),
}


def _check_message(item: Json, path: str) -> None:
    allowed = _PARTS.get(str(item.get("role")))
    if allowed is None:
        raise InvalidConfigError(f"{path}.role", "role must be system, user or assistant")
    for index, part in enumerate(sequence(item.get("content"), f"{path}.content")):
        if not isinstance(part, dict) or part.get("type") not in allowed:
            param = f"{path}.content[{index}].type"
            raise InvalidConfigError(param, f"must be one of {', '.join(allowed)}")
