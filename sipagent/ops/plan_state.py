"""What is known of the plans: which version is in use, and what is wrong with what is not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sipagent.dialplan.findings import Finding
from sipagent.dialplan.versions import PlanSource

from .clock import shown_time

SHOWN_PROBLEMS = 100


class ReloadOutcome(StrEnum):
    """What became of one edit, or of a wish to load; a closed list."""

    LOADED = "loaded"
    BROKEN = "broken"
    """Something is wrong with the files."""
    FAILED = "failed"
    """They are right, and yet could not be used."""
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """One plan, for a list."""

    name: str
    file: str
    called: tuple[str, ...] = ()
    priority: int = 0
    agents: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """Names of where callers may be transferred."""


@dataclass(frozen=True, slots=True)
class PlanState:
    """The plans now."""

    version: int = 0
    sha: str = ""
    loaded_at: float = 0.0
    """Unix seconds."""
    is_current: bool = True
    """Whether what is in the folder is what is in use."""
    is_rolled_back: bool = False
    problems: tuple[Finding, ...] = ()
    """What is wrong with what is in the folder; warnings too."""
    plans: tuple[PlanSummary, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Tell whether the folder cannot be used."""
        return any(each.is_error for each in self.problems)

    def loaded(
        self,
        source: PlanSource,
        plans: tuple[PlanSummary, ...],
        warnings: tuple[Finding, ...],
        *,
        at: float,
    ) -> PlanState:
        """Return the state after what is in the folder came into use."""
        return PlanState(source.version, source.sha, at, problems=warnings, plans=plans)

    def broken(self, problems: tuple[Finding, ...]) -> PlanState:
        """Return the state after an edit that cannot be used."""
        return replace(self, is_current=False, problems=problems)

    def rolled_back(
        self, source: PlanSource, plans: tuple[PlanSummary, ...], is_current: bool, *, at: float
    ) -> PlanState:
        """Return the state after an old version came into use again."""
        return replace(
            self,
            version=source.version,
            sha=source.sha,
            loaded_at=at,
            is_current=is_current,
            is_rolled_back=True,
            plans=plans,
        )

    def mended(self, warnings: tuple[Finding, ...]) -> PlanState:
        """Return the state after the folder became again what is in use."""
        return replace(self, is_current=True, is_rolled_back=False, problems=warnings)


def problem_to_json(finding: Finding) -> dict[str, Any]:
    """Return what the API says of a finding."""
    return {
        "file": str(finding.file),
        "line": finding.line,
        "key": finding.key,
        "text": finding.text,
        "severity": finding.severity.value,
    }


def plans_to_json(state: PlanState) -> dict[str, Any]:
    """Return what ``/readyz`` and the event stream say."""
    return {
        "version": state.version,
        "sha": state.sha,
        "loaded_at": shown_time(state.loaded_at),
        "is_current": state.is_current,
        "is_rolled_back": state.is_rolled_back,
        "problems": [problem_to_json(each) for each in state.problems[:SHOWN_PROBLEMS]],
    }
