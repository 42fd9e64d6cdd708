"""One response of a text agent: its events, in the order every client relies on. Pure.

``response.created``, ``response.in_progress``, then for each item: added, parts, deltas, done;
last ``response.completed``, ``.incomplete`` or ``.failed``, which has all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from secrets import token_hex
from typing import TypeAlias

from sipagent.engine.brain.brain import FunctionCall
from sipagent.engine.checks import Json

from .input_items import function_call, message
from .reply import Reply


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for a while."""

    ms: float


Step: TypeAlias = Json | Pause
"""An event, or a pause before the next one."""

ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
"""The last event of a response is one of these."""


class Writing:
    """Write one response.

    Args:
        response: As it is told first; it stays as it is.
        reply: What is written; None: nothing, it only prepares.
        input_tokens: What it cost to read the conversation.
        ended: Called with the whole response and its items before anybody is told of its end.
    """

    def __init__(
        self,
        response: Json,
        reply: Reply | None,
        *,
        input_tokens: int,
        ended: Callable[[Json, list[Json]], None],
    ) -> None:
        self._response, self._reply = response, reply
        self._input_tokens, self._ended = input_tokens, ended
        self._numbers = count()
        self._output: list[Json] = []
        self._items: list[Json] = []

    def steps(self) -> Iterator[Step]:
        """Yield what to send, once."""
        for name in ("created", "in_progress"):
            yield self._event(f"response.{name}", response=self._response)
        reply = self._reply
        if reply is not None and not reply.error_code:
            if reply.pieces or not (reply.calls or reply.is_cut):
                yield from self._message(reply)
            for call in reply.calls:
                yield from self._call(call)
        whole = self._whole(reply or Reply())
        self._ended(whole, self._items)
        yield self._event(f"response.{whole['status']}", response=whole)

    def _message(self, reply: Reply) -> Iterator[Step]:
        item_id, index = f"msg_{token_hex(12)}", len(self._output)
        where = {"item_id": item_id, "output_index": index, "content_index": 0}
        item: Json = {"id": item_id, "type": "message", "role": "assistant", "content": []}
        item["status"] = "in_progress"
        yield self._event("response.output_item.added", output_index=index, item=item)
        yield self._event("response.content_part.added", **where, part=_part(""))
        for piece in reply.pieces:
            if reply.pause_ms:
                yield Pause(reply.pause_ms)
            yield self._event("response.output_text.delta", **where, delta=piece, logprobs=[])
        text, part = reply.text, _part(reply.text)
        yield self._event("response.output_text.done", **where, text=text, logprobs=[])
        yield self._event("response.content_part.done", **where, part=part)
        status = "incomplete" if reply.is_text_cut else "completed"
        done = {**item, "content": [part], "status": status}
        yield self._done(done, message("assistant", text))

    def _call(self, call: FunctionCall) -> Iterator[Step]:
        item_id, index = f"fc_{token_hex(12)}", len(self._output)
        where = {"item_id": item_id, "output_index": index}
        kept = function_call(f"call_{token_hex(12)}", call.name, call.arguments)
        item = {"id": item_id, **kept, "arguments": "", "status": "in_progress"}
        yield self._event("response.output_item.added", output_index=index, item=item)
        name = "response.function_call_arguments"
        yield self._event(f"{name}.delta", **where, delta=call.arguments)
        yield self._event(f"{name}.done", **where, name=call.name, arguments=call.arguments)
        yield self._done({**item, **kept, "status": "completed"}, kept)

    def _done(self, item: Json, kept: Json) -> Json:
        index = len(self._output)
        self._output.append(item)
        self._items.append(kept)
        return self._event("response.output_item.done", output_index=index, item=item)

    def _whole(self, reply: Reply) -> Json:
        whole = {**self._response, "output": self._output, "status": "completed"}
        whole["usage"] = usage(self._input_tokens, reply.tokens)
        if reply.error_code:
            told = f"failed with {reply.error_code}, as asked"
            whole |= {"status": "failed", "error": {"code": reply.error_code, "message": told}}
        elif reply.is_cut:
            details = {"reason": "max_output_tokens"}
            whole |= {"status": "incomplete", "incomplete_details": details}
        return whole

    def _event(self, name: str, /, **fields: object) -> Json:
        return {"type": name, "sequence_number": next(self._numbers), **fields}


def usage(input_tokens: int, output_tokens: int) -> Json:
    """Return the ``usage`` object."""
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_tokens + output_tokens,
    }


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
