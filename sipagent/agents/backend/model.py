"""What a run asks a model, and the port it asks through (Responses API: POST /responses)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from sipagent.agents.json_schema import is_closed

Json: TypeAlias = dict[str, Any]

OUTPUT_NAME = "output"
"""What the form of a structured answer is called."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model.

    ``previous_response_id`` and ``conversation_id`` exclude each other: the endpoint has one past.
    """

    model: str
    instructions: str
    input: tuple[Json, ...]
    """All items, or those the endpoint does not know yet when it keeps the past."""
    tools: tuple[Json, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the body as the API names them, such as ``temperature`` and ``prompt``."""
    output_schema: Json | None = None
    """JSON Schema of a structured answer; None: text."""
    previous_response_id: str = ""
    conversation_id: str = ""

    def body(self, *, stream: bool) -> Json:
        """Return the body of ``POST /responses``; what is empty is left out."""
        past = {
            "model": self.model,
            "instructions": self.instructions,
            "tools": [dict(tool) for tool in self.tools],
            "previous_response_id": self.previous_response_id,
            "conversation": self.conversation_id,
        }
        body: Json = {**self.settings, **{key: value for key, value in past.items() if value}}
        if self.output_schema is not None:
            body["text"] = {**body.get("text", {}), "format": _format(self.output_schema)}
        return body | {"input": [dict(item) for item in self.input], "stream": stream}


@runtime_checkable
class Model(Protocol):
    """One model, over one transport."""

    def stream(self, request: ModelRequest) -> AsyncIterator[Json]:
        """Return the events of one response; the last is its completion, failure or incompletion.

        Closing the iterator (``aclose``) aborts the request. The iterator raises ``ModelError``.
        """
        ...

    async def close(self) -> None:
        """Release what it holds; once more does nothing."""
        ...


class ModelProvider(Protocol):
    """Knows models by name."""

    def model(self, name: str) -> Model:
        """Return the model called ``name``, the same as long as nothing about it changed."""
        ...

    async def close(self) -> None:
        """Close all models; once more does nothing."""
        ...


def _format(schema: Json) -> Json:
    strict = is_closed(schema)
    return {"type": "json_schema", "name": OUTPUT_NAME, "strict": strict, "schema": schema}
