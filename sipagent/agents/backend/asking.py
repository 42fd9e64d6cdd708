"""Asks a model: one request, its events told as they come, its complete response.

resource                    acquired        released                          on failure
the response's iterator     ``asked``       ``asked``, read to the end or not ModelError
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sipagent.errors import ConfigError, ModelError

from .events import raw_events
from .model import Json, Model, ModelProvider, ModelRequest
from .output_form import OutputForm
from .resolving import ReadyAgent
from .state import RunState
from .stream import RunStream

UNFINISHED = "the model's response ended before it was complete"


def model_of(ready: ReadyAgent, provider: ModelProvider, default: str) -> tuple[Model, str]:
    """Return the agent's model, and what it is called in a request.

    Raises:
        ConfigError: If neither the agent nor the runner names one, and no stored prompt does.
    """
    model = ready.agent.model
    if isinstance(model, Model):
        return model, default
    name = model or default
    if not name and ready.prompt is None:
        raise ConfigError("no model", where=f"agent {ready.agent.name}")
    return provider.model(name), name


def model_request(
    state: RunState, ready: ReadyAgent, name: str, settings: Mapping[str, Any]
) -> ModelRequest:
    """Return what the model is asked."""
    prompt = {} if ready.prompt is None else {"prompt": ready.prompt}
    return ModelRequest(
        model=name,
        instructions=ready.instructions,
        input=state.unsent(),
        tools=ready.wire_tools(),
        settings={**settings, **ready.agent.model_settings, **prompt},
        output_schema=OutputForm.of(ready.agent.output_type).schema,
        previous_response_id=state.past.previous_response_id,
        conversation_id=state.past.conversation_id,
    )


async def asked(model: Model, request: ModelRequest, stream: RunStream) -> Json:
    """Return the model's complete response. Cancelling it aborts the request.

    Raises:
        ModelError: If there is none.
    """
    events = model.stream(request)
    try:
        async for event in events:
            stream.tell(*raw_events(event))
            if (response := _response_in(event)) is not None:
                return response
    finally:
        if (close := getattr(events, "aclose", None)) is not None:
            await close()
    raise ModelError(UNFINISHED, code="stream_ended")


def _response_in(event: Json) -> Json | None:
    """Return the response when ``event`` completes it.

    Raises:
        ModelError: If it says that there will be none.
    """
    response = event.get("response") or {}
    match event.get("type"):
        case "response.completed":
            return dict(response)
        case "response.failed":
            raise _failed(response.get("error") or {})
        case "response.incomplete":
            reason = str((response.get("incomplete_details") or {}).get("reason") or "")
            raise ModelError(f"{UNFINISHED}: {reason or 'no reason given'}", code=reason)
        case "error" | "response.error":
            raise _failed(event.get("error") or event)
        case _:
            return None


def _failed(error: Json) -> ModelError:
    message, code = str(error.get("message") or "no reason given"), str(error.get("code") or "")
    return ModelError(f"the model failed: {message}", code=code)
