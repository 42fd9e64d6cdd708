"""What the engine tells, read with the types of the official client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openai.types.responses import Response, ResponsesServerEvent, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from tests.peers.recorder import undeclared

Json = dict[str, Any]

EVENTS: TypeAdapter[BaseModel] = TypeAdapter(ResponseStreamEvent)
FRAMES: TypeAdapter[BaseModel] = TypeAdapter(ResponsesServerEvent)

ONCE_DECLARED = {"name"}
"""Of ``response.function_call_arguments.done``: other versions of the client require it."""


def check_events(events: Iterable[Json], types: TypeAdapter[BaseModel] = EVENTS) -> list[str]:
    """Check the events of one response, and their numbers; return their types."""
    told = list(events)
    for event in told:
        assert undeclared(types.validate_python(event)) <= ONCE_DECLARED, event
    assert [each["sequence_number"] for each in told] == list(range(len(told)))
    return [each["type"].removeprefix("response.") for each in told]


def check_response(response: Json) -> Json:
    """Check a response; return it."""
    assert undeclared(Response.model_validate(response)) == set()
    return response
