"""Plans as they are in use: a snapshot of a folder. Never changes; a reload makes a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sipagent.agents.guardrails import OutputGuardrail
from sipagent.agents.tools import FunctionTool

from .call_keys import CallKeys
from .matching import Matcher, Verdict
from .models import Dialplan
from .python_tools import release
from .secrets import Secrets


@dataclass(frozen=True, slots=True)
class Plan:
    """A dialplan with the functions it names."""

    file: Path
    dialplan: Dialplan
    tools: Mapping[str, FunctionTool]
    """Its own, by name, built-in ones excepted."""
    guardrails: Mapping[str, OutputGuardrail] = field(default_factory=dict)
    """By name."""
    secrets: Secrets = field(default_factory=Secrets)
    """Those that its texts name."""
    modules: Sequence[str] = ()
    """Names of the modules that its Python files are."""

    @property
    def name(self) -> str:
        """Return the dialplan's name."""
        return self.dialplan.name

    def beside(self, name: str) -> Path:
        """Return the path of a file that the plan names."""
        return self.file.parent / name


@dataclass(frozen=True, slots=True)
class PlanSet:
    """All plans of a folder, loaded together; calls keep the set they started with."""

    plans: tuple[Plan, ...]
    """By name."""
    version: int
    """Counts loads."""
    sha: str
    """Of every file that had a part in it, shortened; the same for the same content."""

    _matcher: Matcher = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        matcher = Matcher(plan.dialplan for plan in self.plans)
        object.__setattr__(self, "_matcher", matcher)

    def take(self, keys: CallKeys) -> Plan | None:
        """Return the plan that takes a call, or None."""
        found = self._matcher.match(keys)
        return self.plan(found.plan.name) if found is not None else None

    def plan(self, name: str) -> Plan | None:
        """Return the plan called ``name``, or None."""
        return next((plan for plan in self.plans if plan.name == name), None)

    def release(self) -> None:
        """Let go of what the plans hold, when no call has any of them any more."""
        for plan in self.plans:
            release(plan.modules)

    def explain(self, keys: CallKeys) -> list[Verdict]:
        """Return what becomes of a call, plan by plan."""
        return self._matcher.explain(keys)
