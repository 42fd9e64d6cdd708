"""Guardrails of a plan, ready to be asked: its words, a Python function, or a judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.callbacks import call_off_loop
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail

from .guardrail import Guardrail
from .judge import judge_check
from .python_tools import PythonFiles, ToolProblem
from .secrets import Secrets


def load_guardrail(
    guardrail: Guardrail, files: PythonFiles, secrets: Secrets
) -> OutputGuardrail | ToolProblem:
    """Return ``guardrail`` ready to be asked, or what is wrong with it."""
    if guardrail.judge is not None:
        execute = judge_check(guardrail.name, guardrail.judge, secrets)
    elif guardrail.python is None:
        execute = text_check(guardrail.finders())
    else:
        function = files.function(guardrail.python)
        if isinstance(function, ToolProblem):
            return function
        execute = function_check(function)
    return OutputGuardrail(guardrail.name, execute, guardrail.policy_hint, guardrail.instead or "")


def text_check(finders: Sequence[Callable[[str], Any]]) -> Callable[..., Any]:
    """Return a check that trips when one of ``finders`` finds something."""

    async def check(context: Any, agent: RealtimeAgent, text: str) -> GuardrailResult:
        is_found = any(find(text) for find in finders)
        return GuardrailResult(is_found, "a blocked phrase" if is_found else None)

    return check


def function_check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check that trips when ``function`` finds something in the text."""

    async def check(context: Any, agent: RealtimeAgent, text: str) -> GuardrailResult:
        found = await call_off_loop(function, text)
        return GuardrailResult(bool(found), found or None)

    return check
