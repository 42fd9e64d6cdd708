"""The plans that a process takes calls by: replaced whole, and let go of when nobody has them.

A call has the plans that it started with until it ends, so several versions may be there at once;
only the newest takes calls. It is told of calls, as all observers are, and counts who has which.

| resource      | acquired | released                        | on failure                     |
|---------------|----------|---------------------------------|--------------------------------|
| prepared set  | ``load`` | ``use``, or the next ``load``   | the plans in use stay in use   |
| plans in use  | ``use``  | replaced, and the last call over |                               |
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.versions import PlanSource
from sipagent.errors import SipAgentError

from . import facts
from .routing import Routes
from .setup import CallDecision

log = logging.getLogger(__name__)


class PlansInUse:
    """Take calls by the newest plans.

    Args:
        load: Makes routes of a version; raises ``SipAgentError`` if it cannot.
    """

    def __init__(self, load: Callable[[PlanSource], Awaitable[Routes]]) -> None:
        self._load = load
        self._loading = asyncio.Lock()
        self._routes: Routes | None = None
        self._prepared: Routes | None = None
        self._old: list[Routes] = []
        """Those that calls still have."""
        self._versions: dict[str, int] = {}
        """Of calls, by their ids."""
        self._calls = Counter[int]()
        """How many have each version."""

    @property
    def routes(self) -> Routes:
        """Return those that take calls; there are some once ``use`` was called."""
        assert self._routes is not None
        return self._routes

    @property
    def versions(self) -> set[int]:
        """Return what is held."""
        return {self.routes.version, *(each.version for each in self._old)}

    def take(self, keys: CallKeys) -> CallDecision | None:
        """Return what the plan that takes a call makes of it; None: no plan takes it."""
        return self.routes.take(keys)

    def named(self, plan: str) -> CallDecision | None:
        """Return what a plan makes of its calls, None if there is no such plan."""
        return self.routes.named(plan)

    async def load(self, source: PlanSource) -> str:
        """Prepare a version; return ``""``, or why it cannot be used."""
        async with self._loading:
            self._drop_prepared()
            try:
                self._prepared = await self._load(source)
            except SipAgentError as error:
                return str(error)
            except Exception as error:
                log.exception("! plans %d cannot be prepared", source.version)
                return f"{type(error).__name__}: {error}"
        return ""

    def use(self, version: int) -> bool:
        """Take calls by the version that was prepared; return False if it was another."""
        prepared, before = self._prepared, self._routes
        if prepared is None or prepared.version != version:
            return False
        self._routes, self._prepared = prepared, None
        if before is not None:
            self._old.append(before)
        self._release()
        return True

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Note who has which plans."""
        match fact:
            case facts.CallRouted(plan_version=version):
                self._versions[call_id] = version
                self._calls[version] += 1
            case facts.CallEnded() if call_id in self._versions:
                self._calls[self._versions.pop(call_id)] -= 1
                self._release()
            case _:
                pass

    def _drop_prepared(self) -> None:
        if self._prepared is not None:
            self._prepared.release()
            self._prepared = None

    def _release(self) -> None:
        unused = [each for each in self._old if not self._calls[each.version]]
        self._old = [each for each in self._old if self._calls[each.version]]
        for routes in unused:
            routes.release()
