"""Chunks of a chat completion, told as events of the Responses API. Pure.

    the first chunk          response.created
    content, refusal         one message: added, a part each, deltas
    tool_calls               an item each: added, deltas of its arguments
    finish_reason            noted: usage may come after it
    [DONE], or the end       all of it done, then response.completed or response.incomplete

Endpoints differ: a call may come whole or in pieces, with an index or without, and without an id;
fields that mean nothing here, such as reasoning, are not looked at.

Chat Completions API: streaming. Responses API: streaming events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import orjson

from sipagent.agents.backend.model import Json

INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Reasons to finish before the end, and what they are called in a response."""


@dataclass(slots=True)
class _Part:
    kind: str
    """``output_text`` or ``refusal``."""
    index: int
    text: list[str] = field(default_factory=list)

    def told(self, *, is_empty: bool = False) -> Json:
        text = "" if is_empty else "".join(self.text)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


@dataclass(slots=True)
class _Message:
    item_id: str
    index: int
    parts: dict[str, _Part] = field(default_factory=dict)

    def told(self, status: str) -> Json:
        content = [part.told() for part in self.parts.values()]
        head = {"type": "message", "id": self.item_id, "role": "assistant"}
        return {**head, "status": status, "content": content}


@dataclass(slots=True)
class _Call:
    item_id: str
    index: int
    call_id: str
    name: str
    arguments: list[str] = field(default_factory=list)

    def told(self, status: str) -> Json:
        head = {"type": "function_call", "id": self.item_id, "call_id": self.call_id}
        arguments = "".join(self.arguments)
        return {**head, "name": self.name, "arguments": arguments, "status": status}


class ChatEvents:
    """Tell one completion.

    Attributes:
        is_finished: Whether the model said that it is.
    """

    def __init__(self) -> None:
        self.is_finished = False
        self._reason = ""
        self._head: Json = {}
        self._usage: Json | None = None
        self._items: list[_Message | _Call] = []
        self._message: _Message | None = None
        self._calls: dict[Any, _Call] = {}
        self._last_call: _Call | None = None
        self._told = 0

    def read(self, chunk: Json) -> Iterator[Json]:
        """Yield what a chunk tells."""
        if not self._head:
            yield from self._created(chunk)
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = _usage(usage)  # some tell it with each chunk: the last is the sum
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        delta = choice.get("delta")
        if isinstance(delta, dict):
            yield from self._delta(delta)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self.is_finished, self._reason = True, reason

    def end(self) -> Iterator[Json]:
        """Yield the end of all that was begun, and of the response."""
        if not self._head:
            yield from self._created({})
        reason = INCOMPLETE.get(self._reason)
        status = "completed" if reason is None else "incomplete"
        output = []
        for item in self._items:
            yield from self._parts_done(item)
            output.append(item.told(status))
            yield self._event("response.output_item.done", output_index=item.index, item=output[-1])
        details = None if reason is None else {"reason": reason}
        whole = {**self._head, "status": status, "output": output, "usage": self._usage}
        yield self._event(f"response.{status}", response={**whole, "incomplete_details": details})

    def _created(self, chunk: Json) -> Iterator[Json]:
        created, model = chunk.get("created"), chunk.get("model")
        self._head = {
            "id": str(chunk.get("id") or f"resp_{token_hex(12)}"),
            "object": "response",
            "created_at": created if isinstance(created, int) else 0,
            "status": "in_progress",
            "model": model if isinstance(model, str) else "",
            "output": [],
            "usage": None,
            "error": None,
            "incomplete_details": None,
        }
        yield self._event("response.created", response=self._head)

    def _delta(self, delta: Json) -> Iterator[Json]:
        if isinstance(text := delta.get("content"), str) and text:
            yield from self._text("output_text", text)
        if isinstance(refusal := delta.get("refusal"), str) and refusal:
            yield from self._text("refusal", refusal)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                yield from self._call(call)

    def _text(self, kind: str, text: str) -> Iterator[Json]:
        message = self._message
        if message is None:
            message = self._message = _Message(f"msg_{token_hex(12)}", len(self._items))
            self._items.append(message)
            yield self._added(message)
        part = message.parts.get(kind)
        if part is None:
            part = message.parts[kind] = _Part(kind, len(message.parts))
            where, told = _place(message, part), part.told(is_empty=True)
            yield self._event("response.content_part.added", **where, part=told)
        part.text.append(text)
        yield self._event(f"response.{kind}.delta", **_place(message, part), delta=text)

    def _call(self, delta: Json) -> Iterator[Json]:
        function = delta.get("function")
        function = function if isinstance(function, dict) else {}
        call = self._continued(delta)
        if call is None:
            call = self._new_call(delta, str(function.get("name") or ""))
            yield self._added(call)
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = orjson.dumps(arguments).decode()
        if isinstance(arguments, str) and arguments:
            call.arguments.append(arguments)
            where = {"item_id": call.item_id, "output_index": call.index}
            yield self._event("response.function_call_arguments.delta", **where, delta=arguments)

    def _continued(self, delta: Json) -> _Call | None:
        """Return the call that ``delta`` is a piece of, None if it begins another one.

        An id that differs tells more than an index: some endpoints say 0 of each call.
        """
        index, call_id = delta.get("index"), delta.get("id")
        call = self._last_call if index is None else self._calls.get(index)
        return None if call is None or (call_id and call_id != call.call_id) else call

    def _new_call(self, delta: Json, name: str) -> _Call:
        call_id = str(delta.get("id") or f"call_{token_hex(12)}")
        call = _Call(f"fc_{token_hex(12)}", len(self._items), call_id, name)
        self._items.append(call)
        self._calls[delta.get("index")] = self._last_call = call
        return call

    def _parts_done(self, item: _Message | _Call) -> Iterator[Json]:
        if isinstance(item, _Call):
            where = {"item_id": item.item_id, "output_index": item.index, "name": item.name}
            arguments = "".join(item.arguments)
            yield self._event("response.function_call_arguments.done", **where, arguments=arguments)
            return
        for part in item.parts.values():
            where, key = _place(item, part), "refusal" if part.kind == "refusal" else "text"
            yield self._event(f"response.{part.kind}.done", **where, **{key: "".join(part.text)})
            yield self._event("response.content_part.done", **where, part=part.told())

    def _added(self, item: _Message | _Call) -> Json:
        told = item.told("in_progress")
        return self._event("response.output_item.added", output_index=item.index, item=told)

    def _event(self, kind: str, **fields: Any) -> Json:
        number, self._told = self._told, self._told + 1
        return {"type": kind, "sequence_number": number, **fields}


def _place(message: _Message, part: _Part) -> Json:
    where = {"item_id": message.item_id, "output_index": message.index}
    return {**where, "content_index": part.index}


def _usage(told: Json) -> Json:
    read, written = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
    cached = _count(told.get("prompt_tokens_details"), "cached_tokens")
    reasoned = _count(told.get("completion_tokens_details"), "reasoning_tokens")
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reasoned},
        "total_tokens": _count(told, "total_tokens") or read + written,
    }


def _count(told: Any, name: str) -> int:
    count = told.get(name) if isinstance(told, dict) else None
    return count if isinstance(count, int) else 0
