"""Output guardrails: checks of what an agent says. What follows a trip is the business of the
session, or the run.

All run at once; plain functions in threads. One that raises is reported and decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .callbacks import MaybeAwaitable, call_off_loop, raised


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """What a guardrail found."""

    tripwire_triggered: bool
    output_info: Any = None
    """Told to the model as JSON."""


@dataclass(frozen=True, slots=True, eq=False)
class OutputGuardrail:
    """A check of the text of an answer."""

    name: str
    execute: Callable[[Any, Any, Any], MaybeAwaitable[GuardrailResult]]
    """Takes the context, the agent and its text so far, in a run its final output."""
    policy_hint: str = ""
    """Told to the model as the reason; the name when empty."""
    instead: str = ""
    """Instructions of the answer that follows a trip in a session; ``""``: the usual words."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy_hint", self.policy_hint or self.name)


@dataclass(frozen=True, slots=True)
class GuardrailRun:
    """One guardrail's answer: a result, or the error in its place."""

    guardrail: OutputGuardrail
    result: GuardrailResult | None
    error: Exception | None = None


async def run_guardrails(
    guardrails: Sequence[OutputGuardrail], context: Any, agent: Any, agent_output: Any
) -> list[GuardrailRun]:
    """Return what every guardrail says of ``agent_output``, in their order.

    Cancelling it cancels them all.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                _run(each, context, agent, agent_output), name=f"guardrail {each.name}"
            )
            for each in guardrails
        ]
    return [task.result() for task in tasks]


def merged_guardrails(*lists: Iterable[OutputGuardrail]) -> tuple[OutputGuardrail, ...]:
    """Return the guardrails of agent and session, each object once."""
    return tuple({id(each): each for guardrails in lists for each in guardrails}.values())


async def _run(
    guardrail: OutputGuardrail, context: Any, agent: Any, agent_output: Any
) -> GuardrailRun:
    try:
        result = await call_off_loop(guardrail.execute, context, agent, agent_output)
        if not isinstance(result, GuardrailResult):
            raise TypeError(f"guardrail {guardrail.name} returned no GuardrailResult")
        return GuardrailRun(guardrail, result)
    except BaseException as error:
        return GuardrailRun(guardrail, None, raised(error))
