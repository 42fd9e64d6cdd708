"""Guardrails of a tool: what may go in, what may come out.

The first that objects decides. One that raises stops the tool like one that says so: what could
not be checked must not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from .callbacks import MaybeAwaitable, raised, settled
from .tool_context import ToolContext, ToolOutcome, encodable, unsent
from .tool_errors import ToolGuardrailTripped


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing to object."""


@dataclass(frozen=True, slots=True)
class RejectContent:
    """The model is told ``message`` in place of a result."""

    message: str


@dataclass(frozen=True, slots=True)
class Raise:
    """The model is told nothing, the session's owner an error."""

    output_info: Any = None


ToolVerdict: TypeAlias = Allow | RejectContent | Raise


@dataclass(frozen=True, slots=True)
class ToolGuardrail:
    """A check of arguments before a tool runs, or of its result afterwards."""

    name: str
    execute: Callable[[ToolContext, Any], MaybeAwaitable[ToolVerdict]]
    """Takes the parsed arguments, or the result as the tool returned it."""


async def objection(
    guardrails: Sequence[ToolGuardrail], context: ToolContext, value: Any
) -> ToolOutcome | None:
    """Return what becomes of the call when a guardrail objects to ``value``, None if none does."""
    for guardrail in guardrails:
        verdict = await _verdict(guardrail, context, value)
        match verdict:
            case Allow():
                continue
            case RejectContent(message):
                return ToolOutcome(encodable(message))
            case Raise(output_info):
                return unsent(ToolGuardrailTripped(guardrail.name, output_info))
            case Exception():
                tripped = ToolGuardrailTripped(guardrail.name)
                tripped.__cause__ = verdict
                return unsent(tripped)
            case _:
                assert_never(verdict)
    return None


async def _verdict(
    guardrail: ToolGuardrail, context: ToolContext, value: Any
) -> ToolVerdict | Exception:
    try:
        verdict = await settled(guardrail.execute(context, value))
        if not isinstance(verdict, ToolVerdict):
            raise TypeError(f"tool guardrail {guardrail.name} returned no verdict")
        return verdict
    except BaseException as error:
        return raised(error)
