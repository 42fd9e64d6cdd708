"""A model that answers from a script, and what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeAlias

from sipagent.agents.backend.model import Json, Model, ModelRequest

Script: TypeAlias = "Sequence[Json] | Exception"
"""Items of a response, or what is raised in its place."""


def message(text: str) -> Json:
    """Return what the agent says."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "id": f"msg_{text[:8]}", "content": [part]}


def refusal(text: str) -> Json:
    """Return a message that refuses."""
    part = {"type": "refusal", "refusal": text}
    return {"type": "message", "role": "assistant", "id": "msg_r", "content": [part]}


def call(name: str, call_id: str = "", **arguments: Any) -> Json:
    """Return a function call."""
    return {
        "type": "function_call",
        "id": f"fc_{name}",
        "call_id": call_id or f"call_{name}",
        "name": name,
        "arguments": json.dumps(arguments),
    }


def answer(call_id: str, output: str) -> Json:
    """Return what the model is told of a call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


class ScriptedModel:
    """Answers each request with the next of the script; keeps the requests."""

    def __init__(self, *script: Script) -> None:
        self.script = list(script)
        self.requests: list[ModelRequest] = []
        self.hold: asyncio.Event | None = None
        """When set, a response waits for it after it began."""
        self.began = asyncio.Event()
        self.aborted = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Json]:
        """Yield the events of a response."""
        self.requests.append(request)
        script = self.script.pop(0)
        response_id = f"resp_{len(self.requests)}"
        yield {"type": "response.created", "response": {"id": response_id}}
        self.began.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
        except asyncio.CancelledError:
            self.aborted += 1
            raise
        if isinstance(script, Exception):
            raise script
        for item in script:
            for part in item.get("content", []):
                if part["type"] == "output_text":
                    for word in part["text"].split(" "):
                        yield {"type": "response.output_text.delta", "delta": word}
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        response = {"id": response_id, "output": list(script), "usage": usage}
        yield {"type": "response.completed", "response": response}

    async def close(self) -> None:
        """Do nothing."""


class Provider:
    """Knows one model, by any name, unless it is given others."""

    def __init__(self, model: Model, **others: Model) -> None:
        self._model, self._others = model, others
        self.names: list[str] = []

    def model(self, name: str) -> Model:
        """Return the model."""
        self.names.append(name)
        return self._others.get(name, self._model)

    async def close(self) -> None:
        """Do nothing."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    while not condition():
        await asyncio.sleep(0)
