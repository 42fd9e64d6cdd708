"""``[guardrails.judge]``: a model reads what an agent says, and lets callers hear it or not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailResult

from .backend import api_base
from .model import AgentName, Model, Text
from .secrets import Secrets


def _secret(text: str) -> str:
    if not re.fullmatch(r"\{\{\s*secret:\w+\s*\}\}", text):
        raise ValueError('must be a secret, such as "{{secret:JUDGE_KEY}}"')
    return text


class Judge(Model):
    """Who judges, and how long that may take."""

    instructions: Text
    """What must not be said; how to answer is told as well."""
    name: AgentName = "Judge"
    """In the script of the embedded engine."""
    url: Annotated[str, AfterValidator(api_base)] | None = None
    """Base of its API; None: where the speech model is."""
    model: Text = "gpt-4.1-mini"
    """Its model."""
    transport: Literal["http", "websocket", "chat"] = "http"
    """Responses API, over either; or Chat Completions."""
    api_key: Annotated[str, AfterValidator(_secret)] | None = None
    """A secret; None: the key of the speech model, if it is at the same host."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 2.0
    """Of one judgement."""
    on_failure: Literal["allow", "block"] = "allow"
    """What it means that there is no judgement in time."""


@dataclass(frozen=True, slots=True)
class JudgeSetup:
    """A judge, with its key."""

    guardrail: str
    table: Judge
    api_key: str = field(default="", repr=False)


def judge_check(guardrail: str, table: Judge, secrets: Secrets) -> Callable[..., Any]:
    """Return a check that asks the judge, by the judges of the call: see ``calls.judges``."""

    async def check(context: Any, agent: RealtimeAgent, text: str) -> GuardrailResult:
        key = "" if table.api_key is None else secrets.filled(table.api_key)
        setup = JudgeSetup(guardrail, table, key)
        found: GuardrailResult = await context.judges.verdict(setup, text)
        return found

    return check
