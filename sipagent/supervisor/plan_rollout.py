"""Brings a version of the plans to every process with calls: all of them have it, or none uses it.

A process that was not there in time, or starts meanwhile, is told as soon as it is ready.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable

from sipagent.dialplan.versions import PlanSource
from sipagent.ops.channel import Closed, Message, Ready
from sipagent.ops.plan_messages import LoadPlans, PlansLoaded, UsePlans

log = logging.getLogger(__name__)

LOAD_LIMIT_S = 20.0


class Rollout:
    """Know which process has which version.

    Args:
        send: Tells the process with calls of that name something.
    """

    def __init__(self, send: Callable[[Hashable, Message], None]) -> None:
        self._send = send
        self._ready: set[Hashable] = set()
        self._prepared: set[Hashable] = set()
        """Who has the version that is wanted."""
        self._current: PlanSource | None = None
        self._wanted = 0
        self._waiting: set[Hashable] = set()
        self._problem = ""
        self._answered = asyncio.Event()

    def begin(self, source: PlanSource) -> None:
        """Note what processes start with."""
        self._current = source

    async def load(self, source: PlanSource) -> str:
        """Have every process prepare a version; return ``""``, or why one cannot."""
        self._wanted, self._problem = source.version, ""
        self._waiting, self._prepared = set(self._ready), set()
        for process in self._ready:
            self._send(process, LoadPlans(source))
        try:
            async with asyncio.timeout(LOAD_LIMIT_S):
                while self._waiting and not self._problem:
                    self._answered.clear()
                    await self._answered.wait()
        except TimeoutError:
            names = ", ".join(sorted(map(str, self._waiting)))
            self._problem = f"{names} did not load it within {LOAD_LIMIT_S:g} s"
        finally:
            self._waiting.clear()
        return self._problem

    def use(self, source: PlanSource) -> None:
        """Have every process take calls by a version; those that have not prepared it will."""
        self._current = source
        for process in self._ready:
            is_prepared = process in self._prepared
            self._send(process, UsePlans(source.version) if is_prepared else LoadPlans(source))

    def heard(self, process: Hashable, message: Message) -> None:
        """Take what a process says; ``Closed``: it is gone."""
        match message:
            case Ready(plans_version=version):
                self._ready.add(process)
                if self._current is not None and version != self._current.version:
                    self._send(process, LoadPlans(self._current))
            case PlansLoaded():
                self._loaded(process, message)
            case Closed():
                self._ready.discard(process)
                self._waiting.discard(process)
                self._prepared.discard(process)
                self._answered.set()
            case _:
                pass

    def _loaded(self, process: Hashable, message: PlansLoaded) -> None:
        if process in self._waiting and message.version == self._wanted:
            self._waiting.discard(process)
            self._problem = self._problem or message.problem
            if not message.problem:
                self._prepared.add(process)
            self._answered.set()
        elif message.problem:
            log.error("! %s cannot use plans %d: %s", process, message.version, message.problem)
        elif self._current is not None and message.version == self._current.version:
            self._send(process, UsePlans(message.version))
