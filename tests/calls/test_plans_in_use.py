"""Which call has which plans, and when plans are let go of."""

from __future__ import annotations

from pathlib import Path

from sipagent.calls import facts
from sipagent.calls.plans_in_use import PlansInUse
from sipagent.calls.routing import Routes
from sipagent.calls.setup import RefuseCall
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.dialplan.plans import PlanSet
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import DialplanError

ENDED = facts.CallEnded(Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP), 0)


def source(version: int) -> PlanSource:
    return PlanSource(version, "", Path(), Path())


class Watched(Routes):
    """Routes that tell when they are let go of."""

    def __init__(self, version: int) -> None:
        plans = {"desk": RefuseCall("desk", 400 + version)}
        super().__init__(PlanSet((), version, ""), {**plans})
        self.is_released = False

    def release(self) -> None:
        self.is_released = True


class Loader:
    """Loads any version but those that are broken."""

    def __init__(self) -> None:
        self.made: dict[int, Watched] = {}
        self.broken: set[int] = set()

    async def load(self, wanted: PlanSource) -> Routes:
        if wanted.version in self.broken:
            raise DialplanError("is broken")
        made = self.made[wanted.version] = Watched(wanted.version)
        return made

    @property
    def released(self) -> list[int]:
        return [version for version, each in self.made.items() if each.is_released]


async def used(plans: PlansInUse, version: int) -> None:
    assert not await plans.load(source(version))
    assert plans.use(version)


async def test_plans_are_used_when_told_to_and_not_before() -> None:
    loader = Loader()
    plans = PlansInUse(loader.load)
    await used(plans, 1)
    assert not await plans.load(source(2))
    assert plans.named("desk") == RefuseCall("desk", 401)
    assert not plans.use(3)
    assert plans.use(2)
    assert plans.named("desk") == RefuseCall("desk", 402)
    assert not plans.use(2)


async def test_what_cannot_be_loaded_leaves_the_plans_in_use() -> None:
    loader = Loader()
    plans = PlansInUse(loader.load)
    await used(plans, 1)
    loader.broken = {2}
    assert await plans.load(source(2)) == "is broken"
    assert not plans.use(2)
    assert plans.versions == {1}


async def test_plans_live_as_long_as_their_last_call() -> None:
    loader = Loader()
    plans = PlansInUse(loader.load)
    await used(plans, 1)
    for call_id in ("a", "b"):
        plans.tell(call_id, facts.CallRouted("desk", "Ada", 1), at=0.0)
    await used(plans, 2)
    plans.tell("c", facts.CallRouted("desk", "Ada", 2), at=0.0)
    plans.tell("a", ENDED, at=0.0)
    assert (loader.released, plans.versions) == ([], {1, 2})
    plans.tell("b", ENDED, at=0.0)
    assert (loader.released, plans.versions) == ([1], {2})
    plans.tell("nobody's", ENDED, at=0.0)
    await used(plans, 3)
    assert loader.released == [1]
    plans.tell("c", ENDED, at=0.0)
    assert loader.released == [1, 2]


async def test_plans_that_nobody_has_go_at_once() -> None:
    loader = Loader()
    plans = PlansInUse(loader.load)
    await used(plans, 1)
    await plans.load(source(2))
    await plans.load(source(3))
    assert loader.released == [2]  # was prepared for nothing
    plans.use(3)
    assert loader.released == [1, 2]
