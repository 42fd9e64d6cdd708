"""Which setup a call gets: the plans of a folder, each boiled down before anybody calls."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.loading import load_dir
from sipagent.dialplan.plans import PlanSet
from sipagent.dialplan.reading import reading_copy
from sipagent.dialplan.versions import PlanSource
from sipagent.sip.emergency import EMERGENCY_NUMBERS, is_emergency
from sipagent.sip.never_called import NeverCalled

from .prepare import prepare_call
from .prompts import prepare_prompts
from .setup import CallDecision, PlansVersion, RefuseEmergency
from .spoken_prompts import SpokenPrompts


class Routes:
    """Plans in use; made by :func:`load_routes`."""

    def __init__(self, plans: PlanSet, setups: dict[str, CallDecision]) -> None:
        self._plans, self._setups = plans, setups

    @property
    def plans(self) -> int:
        """How many there are."""
        return len(self._setups)

    @property
    def version(self) -> int:
        """Which version of the plans it is."""
        return self._plans.version

    def release(self) -> None:
        """Let go of what the plans hold, when no call has any of them any more."""
        self._plans.release()

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
    source: PlanSource,
    *,
    embedded: bool,
    emergency_numbers: Sequence[str] = EMERGENCY_NUMBERS,
    country_code: str = "",
    trunks: Collection[str] | None = None,
    speaker: SpokenPrompts | None = None,
) -> Routes:
    """Return a version of the plans. Files are read on a thread, so that calls go on meanwhile.

    Args:
        source: Of the dialplans.
        embedded: Whether sessions go to the embedded engine.
        emergency_numbers: What only plans that say so take calls to.
        country_code: Ours, such as ``+49``; premium numbers are known by it.
        trunks: Names of those there are; None: nobody knows.
        speaker: Has spoken for the version before; None: there was none.

    Raises:
        DialplanError: If anything is wrong with any plan.
    """
    never_called = NeverCalled(tuple(emergency_numbers), country_code)
    version = PlansVersion(source.version, source.sha)

    def load() -> PlanSet:
        plans = load_dir(
            source.folder,
            version=source.version,
            trunks=trunks,
            is_emergency=lambda uri: is_emergency(uri, emergency_numbers),
        )
        return replace(plans, sha=source.sha)

    def prepared() -> dict[str, CallDecision]:
        return {
            plan.name: prepare_call(
                plan,
                prompts[plan.name],
                embedded=embedded,
                never_called=never_called,
                version=version,
            )
            for plan in plans.plans
        }

    with reading_copy(source.folder, source.copy):
        plans = await asyncio.to_thread(load)
        try:
            prompts = await prepare_prompts(plans.plans, speaker)
            setups = await asyncio.to_thread(prepared)
        except BaseException:
            plans.release()
            raise
    return Routes(plans, setups)
