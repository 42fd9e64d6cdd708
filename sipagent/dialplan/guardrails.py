"""Guardrails of a plan: phrases, or a Python function beside it, as checks of what agents say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.callbacks import call_off_loop
from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail

from .models import Guardrail
from .python_tools import PythonFiles, ToolProblem


def load_guardrail(guardrail: Guardrail, files: PythonFiles) -> OutputGuardrail | ToolProblem:
    """Return ``guardrail`` ready to be asked, or what is wrong with it."""
    if guardrail.python is None:
        execute = phrase_check(guardrail.phrases)
    else:
        function = files.function(guardrail.python)
        if isinstance(function, ToolProblem):
            return function
        execute = function_check(function)
    return OutputGuardrail(guardrail.name, execute, guardrail.policy_hint)


def phrase_check(phrases: Sequence[str]) -> Callable[..., Any]:
    """Return a check that trips at one of ``phrases``, whatever stands between its words."""
    spoken = "|".join(r"\W+".join(map(re.escape, phrase.split())) for phrase in phrases)
    pattern = re.compile(rf"(?<!\w)(?:{spoken})(?!\w)", re.IGNORECASE)

    async def check(context: Any, agent: RealtimeAgent, text: str) -> GuardrailResult:
        found = pattern.search(text)
        return GuardrailResult(found is not None, None if found is None else "a blocked phrase")

    return check


def function_check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a check that trips when ``function`` finds something in the text."""

    async def check(context: Any, agent: RealtimeAgent, text: str) -> GuardrailResult:
        found = await call_off_loop(function, text)
        return GuardrailResult(bool(found), found or None)

    return check
