"""Which setup a call gets: the plans of a folder, each boiled down before anybody calls."""

from __future__ import annotations

from pathlib import Path

from sipagent.dialplan.loading import load_dir
from sipagent.dialplan.matching import CallKeys
from sipagent.dialplan.plans import PlanSet
from sipagent.sip.headers import Invite

from .prepare import prepare_call
from .prompts import prepare_prompts
from .setup import CallSetup, ReferCall, RefuseCall


class Routes:
    """Plans in use; made by :func:`load_routes`."""

    def __init__(
        self, plans: PlanSet, setups: dict[str, CallSetup | RefuseCall | ReferCall]
    ) -> None:
        self._plans, self._setups = plans, setups

    @property
    def plans(self) -> int:
        """How many there are."""
        return len(self._setups)

    def take(self, invite: Invite) -> CallSetup | RefuseCall | ReferCall | None:
        """Return what the plan that takes a call makes of it; None: no plan takes it."""
        keys = CallKeys(invite.called_user, invite.caller_user, invite.headers)
        plan = self._plans.take(keys)
        return self._setups[plan.name] if plan is not None else None

    def named(self, plan: str) -> CallSetup | RefuseCall | ReferCall | None:
        """Return what a plan makes of its calls, None if there is no such plan."""
        return self._setups.get(plan)


async def load_routes(folder: Path, *, embedded: bool) -> Routes:
    """Return the plans of ``folder``.

    Args:
        folder: Of the dialplans.
        embedded: Whether sessions go to the embedded engine.

    Raises:
        DialplanError: If anything is wrong with any plan.
    """
    plans = load_dir(folder)
    prompts = await prepare_prompts(plans.plans)
    setups = {
        plan.name: prepare_call(plan, prompts[plan.name], embedded=embedded) for plan in plans.plans
    }
    return Routes(plans, setups)
