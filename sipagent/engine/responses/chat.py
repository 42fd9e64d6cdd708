"""Chat completions: the same answers, told in the older way. Pure.

Chat Completions API: ``POST /v1/chat/completions``, plain or as chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

from sipagent.engine.brain.scripts import Scripts
from sipagent.engine.checks import Json
from sipagent.engine.spent import TOKEN_CHARS

from .chat_request import ChatRequest, chat_request
from .input_items import input_tokens
from .reply import Reply, reply_to
from .writing import Pause, Step


class Completion:
    """One completion.

    Args:
        request: What is asked for.
        reply: What is answered.
        now: Unix seconds.
    """

    def __init__(self, request: ChatRequest, reply: Reply, *, now: int) -> None:
        self._request, self._reply = request, reply
        self._head: Json = {
            "id": f"chatcmpl-{token_hex(12)}",
            "created": now,
            "model": request.model,
        }
        self._calls: list[Json] = [
            {
                "id": f"call_{token_hex(12)}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.calls
        ]

    @property
    def is_streamed(self) -> bool:
        """Tell whether chunks are wanted."""
        return self._request.is_streamed

    @property
    def error_code(self) -> str:
        """With what it fails, if it does."""
        return self._reply.error_code

    def whole(self) -> Json:
        """Return it in one piece."""
        content = self._reply.text or (None if self._calls else "")
        message: Json = {"role": "assistant", "content": content, "refusal": None}
        if self._calls:
            message["tool_calls"] = self._calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish()}
        usage = self._usage()
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": usage}

    def steps(self) -> Iterator[Step]:
        """Yield its chunks, and the pauses between them."""
        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
        for piece in self._reply.pieces:
            if self._reply.pause_ms:
                yield Pause(self._reply.pause_ms)
            yield self._chunk({"content": piece})
        for index, call in enumerate(self._calls):
            function = {**call["function"], "arguments": ""}
            yield self._chunk({"tool_calls": [{"index": index, **call, "function": function}]})
            arguments = {"arguments": call["function"]["arguments"]}
            yield self._chunk({"tool_calls": [{"index": index, "function": arguments}]})
        yield self._chunk({}, self._finish())
        if self._request.has_usage:
            yield {**self._chunk({}), "choices": [], "usage": self._usage()}

    def _chunk(self, delta: Json, finish: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}

    def _finish(self) -> str:
        if self._reply.is_cut:
            return "length"
        return "tool_calls" if self._calls else "stop"

    def _usage(self) -> Json:
        prompt = input_tokens(self._request.items, TOKEN_CHARS)
        answered = self._reply.tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": answered,
            "total_tokens": prompt + answered,
        }


class ChatDesk:
    """Answer; nothing is kept.

    Args:
        scripts: By prompt.
    """

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def begin(self, body: Any, *, now: int) -> Completion:
        """Take a request.

        Args:
            body: Of it.
            now: Unix seconds.

        Raises:
            InvalidConfigError: If a field is wrong.
            RefusedError: If it asks to be refused.
        """
        request = chat_request(body)
        return Completion(request, reply_to(request.items, request.told, self._scripts), now=now)
