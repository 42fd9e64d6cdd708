"""The plans of a process with calls, as the supervisor says which to use.

| resource        | acquired    | released           | on failure                              |
|-----------------|-------------|--------------------|-----------------------------------------|
| task of a load  | ``LoadPlans`` | it is done       | told; the plans in use stay in use      |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from sipagent.calls.plans_in_use import PlansInUse
from sipagent.calls.routing import load_routes
from sipagent.calls.spoken_prompts import SpokenPrompts
from sipagent.config import Config
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import DialplanError
from sipagent.ops.channel import Message
from sipagent.ops.plan_messages import LoadPlans, PlansLoaded, UsePlans

log = logging.getLogger(__name__)


class PlanService:
    """Load what is asked for, use it when told to.

    Args:
        config: Of the appliance.
        send: Tells the supervisor something.
    """

    def __init__(self, config: Config, send: Callable[[Message], None]) -> None:
        self.plans = PlansInUse(
            partial(
                load_routes,
                embedded=config.realtime.has_scripts,
                emergency_numbers=config.sip.emergency_numbers,
                country_code=config.dial.country_code,
                trunks=[trunk.name for trunk in config.sip.trunks],
                speaker=SpokenPrompts(),
            )
        )
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, source: PlanSource) -> None:
        """Take calls by a version.

        Raises:
            DialplanError: If it cannot be used.
        """
        problem = await self.plans.load(source)
        if problem:
            raise DialplanError(problem)
        self.plans.use(source.version)

    def told(self, message: LoadPlans | UsePlans) -> None:
        """Do what the supervisor wants."""
        if isinstance(message, UsePlans):
            if self.plans.use(message.version):
                log.info("= plans %d are in use", message.version)
            return
        work = self._load(message.source)
        task = asyncio.get_running_loop().create_task(work, name="plans")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let go of a load that is not done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _load(self, source: PlanSource) -> None:
        self._send(PlansLoaded(source.version, await self.plans.load(source)))
