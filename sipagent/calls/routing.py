"""Which setup a call gets: the plans of a folder, each boiled down before anybody calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.loading import load_dir
from sipagent.dialplan.plans import PlanSet
from sipagent.sip.emergency import EMERGENCY_NUMBERS, is_emergency
from sipagent.sip.never_called import NeverCalled

from .prepare import prepare_call
from .prompts import prepare_prompts
from .setup import CallDecision, RefuseEmergency


class Routes:
    """Plans in use; made by :func:`load_routes`."""

    def __init__(self, plans: PlanSet, setups: dict[str, CallDecision]) -> None:
        self._plans, self._setups = plans, setups

    @property
    def plans(self) -> int:
        """How many there are."""
        return len(self._setups)

    def take(self, keys: CallKeys) -> CallDecision | None:
        """Return what the plan that takes a call makes of it; None: no plan takes it."""
        plan = self._plans.take(keys)
        if plan is None:
            return RefuseEmergency() if keys.is_emergency else None
        return self._setups[plan.name]

    def named(self, plan: str) -> CallDecision | None:
        """Return what a plan makes of its calls, None if there is no such plan."""
        return self._setups.get(plan)


async def load_routes(
    folder: Path,
    *,
    embedded: bool,
    emergency_numbers: Sequence[str] = EMERGENCY_NUMBERS,
    country_code: str = "",
    trunks: Collection[str] | None = None,
) -> Routes:
    """Return the plans of ``folder``.

    Args:
        folder: Of the dialplans.
        embedded: Whether sessions go to the embedded engine.
        emergency_numbers: What only plans that say so take calls to.
        country_code: Ours, such as ``+49``; premium numbers are known by it.
        trunks: Names of those there are; None: nobody knows.

    Raises:
        DialplanError: If anything is wrong with any plan.
    """
    never_called = NeverCalled(tuple(emergency_numbers), country_code)
    plans = load_dir(
        folder, trunks=trunks, is_emergency=lambda uri: is_emergency(uri, emergency_numbers)
    )
    prompts = await prepare_prompts(plans.plans)
    setups: dict[str, CallDecision] = {
        plan.name: prepare_call(
            plan, prompts[plan.name], embedded=embedded, never_called=never_called
        )
        for plan in plans.plans
    }
    return Routes(plans, setups)
