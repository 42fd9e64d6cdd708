"""Plans that nobody loads: what the API asks of whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sipagent.dialplan.findings import Finding
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.replay import RecordedRoute, Rerouted, rerouted
from sipagent.dialplan.versions import PlanSource, PlanVersion
from sipagent.ops.plan_counts import PlanCounts
from sipagent.ops.plan_state import PlanState, PlanSummary, ReloadOutcome

WRONG = Finding(Path("plans/desk.toml"), 3, "agents[0].name", "is missing")
SUMMARY = PlanSummary("desk", "plans/desk.toml", ("+49*",), 5, ("Ada", "Bob"), ("desk",))


class FakeKeeper:
    """Versions 1 and 2 are known, 2 is in use; what is in the folder is right unless told."""

    def __init__(self) -> None:
        self.state = PlanState(2, "b" * 12, 1_700_000_000.0, plans=(SUMMARY,))
        self.counts = PlanCounts(lambda: self.state)
        self.on_change: Callable[[PlanState], None] = lambda _: None
        self.known = tuple(
            PlanVersion(version=each, sha=sha * 12, loaded_at=1_700_000_000.0, plans=("desk",))
            for each, sha in ((1, "a"), (2, "b"))
        )
        self.problems: tuple[Finding, ...] = ()
        self.checked: list[dict[str, str]] = []
        self.plans: list[Dialplan] = []
        """What is asked about calls on record."""

    def become(self, state: PlanState) -> None:
        """Be in another state, and tell."""
        self.state = state
        self.on_change(state)

    async def reload(self) -> ReloadOutcome:
        """Load, as far as it is right."""
        if self.problems:
            self.become(self.state.broken(self.problems))
            return ReloadOutcome.BROKEN
        self.become(replace(self.state, version=self.state.version + 1))
        return ReloadOutcome.LOADED

    async def roll_back(self, version: int) -> tuple[Finding, ...] | None:
        """Use what is known."""
        if version not in {each.version for each in self.known}:
            return None
        source = PlanSource(version, "a" * 12, Path("plans"), Path("copy"))
        if not self.problems:
            state = self.state.rolled_back(source, (SUMMARY,), is_current=False, at=1.7e9)
            self.become(state)
        return self.problems

    async def check(self, files: dict[str, str]) -> tuple[Finding, ...]:
        """Return what is wrong."""
        self.checked.append(files)
        return self.problems

    async def replay(
        self, calls: Sequence[RecordedRoute], files: dict[str, str]
    ) -> list[Rerouted] | Finding:
        """Ask, unless something is wrong."""
        self.checked.append(files)
        return self.problems[0] if self.problems else list(rerouted(self.plans, calls))
