"""Guardrails of a run: what may go in, and what may come out.

A trip ends the run, and so does a guardrail that raises: what could not be checked does not go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sipagent.agents.callbacks import MaybeAwaitable, call_off_loop, raised
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.errors import (
    GuardrailFailed,
    InputGuardrailTripped,
    OutputGuardrailTripped,
)

from .grouping import together


@dataclass(frozen=True, slots=True, eq=False)
class InputGuardrail:
    """A check of what a run is given."""

    name: str
    execute: Callable[[Any, Any, Any], MaybeAwaitable[GuardrailResult]]
    """Takes the run's context, the agent, and the input: a text, or a list of items."""
    run_in_parallel: bool = True
    """Whether the model is asked meanwhile; if not, it hears nothing that was objected to."""


RunGuardrail: TypeAlias = InputGuardrail | OutputGuardrail


@dataclass(frozen=True, slots=True)
class GuardrailReport:
    """What one guardrail found, for whoever audits the run."""

    guardrail: RunGuardrail
    agent: Any
    """The ``Agent`` whose input or output it was."""
    output: GuardrailResult


async def check(
    guardrails: Sequence[RunGuardrail],
    context: Any,
    agent: Any,
    value: Any,
    reports: list[GuardrailReport],
) -> None:
    """Let all ``guardrails`` look at ``value`` at once; append to ``reports`` as they answer.

    The first that trips or fails cancels the others. Cancelling it cancels them all.

    Raises:
        InputGuardrailTripped, OutputGuardrailTripped: If one objects.
        GuardrailFailed: If one raises, or returns no result.
    """
    async with together() as group:
        for each in guardrails:
            group.create_task(
                _check(each, context, agent, value, reports), name=f"guardrail {each.name}"
            )


async def _check(
    guardrail: RunGuardrail,
    context: Any,
    agent: Any,
    value: Any,
    reports: list[GuardrailReport],
) -> None:
    try:
        result = await call_off_loop(guardrail.execute, context, agent, value)
        if not isinstance(result, GuardrailResult):
            raise TypeError(f"guardrail {guardrail.name} returned no GuardrailResult")
    except BaseException as error:
        raise GuardrailFailed(guardrail.name) from raised(error)
    reports.append(GuardrailReport(guardrail, agent, result))
    if not result.tripwire_triggered:
        return
    is_input = isinstance(guardrail, InputGuardrail)
    tripped = InputGuardrailTripped if is_input else OutputGuardrailTripped
    raise tripped(guardrail.name, result.output_info)
