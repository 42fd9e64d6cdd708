"""What a client lets an answer do: ``tool_choice`` and ``parallel_tool_calls``. Pure.

What must be called and is not among the answer's calls is called with no arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .brain import Answer, FunctionCall


def allowed_answer(answer: Answer, session: Mapping[str, Any]) -> Answer:
    """Return ``answer`` as the response's session lets it be."""
    choice, tools = session["tool_choice"], session["tools"]
    calls = answer.calls
    if choice == "none":
        calls = ()
    elif isinstance(choice, Mapping):
        wanted = choice.get("name")
        calls = tuple(call for call in calls if wanted in (None, call.name))
        if not calls and wanted is not None:
            calls = (FunctionCall(wanted, "{}"),)
    elif choice == "required" and not calls:
        calls = tuple(FunctionCall(name, "{}") for name in _functions(tools)[:1])
    if session.get("parallel_tool_calls") is False:
        calls = calls[:1]
    return replace(answer, calls=calls)


def _functions(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    return [tool["name"] for tool in tools if tool.get("type") == "function"]
