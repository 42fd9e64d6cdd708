"""A version of the plans comes to every process, or to none."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from pathlib import Path

from sipagent.dialplan.versions import PlanSource
from sipagent.ops.channel import Closed, Message, Ready
from sipagent.ops.plan_messages import LoadPlans, PlansLoaded, UsePlans
from sipagent.supervisor.plan_rollout import Rollout


def source(version: int) -> PlanSource:
    return PlanSource(version, "", Path(), Path())


class Told:
    """What processes were told, and a rollout of version 1 to two of them."""

    def __init__(self) -> None:
        self.sent: list[tuple[Hashable, Message]] = []
        self.rollout = Rollout(lambda process, message: self.sent.append((process, message)))
        self.rollout.begin(source(1))
        for process in "ab":
            self.rollout.heard(process, Ready(0, 4, 1, 1))

    async def loads(self, version: int, *answers: tuple[Hashable, Message]) -> str:
        """Have a version loaded; return what came of it."""
        loading = asyncio.get_running_loop().create_task(self.rollout.load(source(version)))
        await asyncio.sleep(0)
        for process, message in answers:
            self.rollout.heard(process, message)
        return await loading


async def test_all_load_it_before_anybody_uses_it() -> None:
    told = Told()
    assert not await told.loads(2, ("b", PlansLoaded(2)), ("a", PlansLoaded(2)))
    assert sorted(told.sent, key=str) == [(each, LoadPlans(source(2))) for each in "ab"]
    told.sent.clear()
    told.rollout.use(source(2))
    assert sorted(told.sent, key=str) == [("a", UsePlans(2)), ("b", UsePlans(2))]


async def test_one_that_cannot_keeps_all_from_it() -> None:
    told = Told()
    assert await told.loads(2, ("a", PlansLoaded(2, "no key"))) == "no key"


async def test_one_that_ends_is_not_waited_for() -> None:
    told = Told()
    assert not await told.loads(2, ("a", PlansLoaded(2)), ("b", Closed()))


async def test_an_answer_to_an_older_wish_is_none() -> None:
    told = Told()
    answers = [("a", PlansLoaded(1, "late")), ("a", PlansLoaded(2)), ("b", PlansLoaded(2))]
    assert not await told.loads(2, *answers)


async def test_one_that_started_with_an_older_version_catches_up() -> None:
    told = Told()
    await told.loads(2, ("a", PlansLoaded(2)), ("b", Closed()))
    told.rollout.heard("b", Ready(0, 4, 1, 1))
    told.sent.clear()
    told.rollout.use(source(2))
    assert {"a": UsePlans(2), "b": LoadPlans(source(2))} == dict(told.sent)
    told.rollout.heard("b", PlansLoaded(2))
    assert told.sent[-1:] == [("b", UsePlans(2))]
    told.rollout.heard("c", Ready(0, 4, 1, 1))
    told.rollout.heard("d", Ready(0, 4, 1, 2))
    assert told.sent[-1:] == [("c", LoadPlans(source(2)))]
