"""What of one request a runner's owner may change before it is sent; the run itself stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sipagent.agents.callbacks import MaybeAwaitable, settled

from .agent import Agent
from .model import Json, ModelRequest


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the model is told in one request."""

    instructions: str
    input: tuple[Json, ...]
    """Copies; at an endpoint that keeps the past, only what is new to it."""


ModelInputFilter: TypeAlias = Callable[[Any, Agent, ModelInput], MaybeAwaitable[ModelInput]]
"""Takes the run's context, who asks, and what would be sent; returns what is."""


async def filtered(
    request: ModelRequest, model_filter: ModelInputFilter | None, context: Any, agent: Agent
) -> ModelRequest:
    """Return ``request`` as the filter wants it.

    Raises:
        TypeError: If the filter returns something else.
        Exception: Whatever it raises.
    """
    if model_filter is None:
        return request
    given = ModelInput(request.instructions, request.input)
    wanted = await settled(model_filter(context, agent, given))
    if not isinstance(wanted, ModelInput):
        kind = type(wanted).__name__
        raise TypeError(f"call_model_input_filter must return ModelInput, not {kind}")
    return replace(request, instructions=wanted.instructions, input=tuple(wanted.input))
