"""The desk of attached calls: takes what waits in the journal, takes up what is alive, keeps track.

A call is decided on once, however often its webhook comes or the journal is read: its id is
remembered until it is too old to be taken anyway. A plan may also refuse a call or send it
elsewhere: neither becomes an ``AttachedCall``.

Runs on the loop. A call that fails takes nothing else with it: ``AttachedCall.run`` never raises.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.dialplan.call_keys import CallKeys
from sipagent.errors import CallGone, SessionError
from sipagent.realtime.endpoint import Endpoint
from sipagent.sip.emergency import EMERGENCY_NUMBERS
from sipagent.sip.headers import Invite, invite_of_headers

from . import facts
from .attached_call import AttachedCall
from .attached_requests import Connector
from .attached_session import attached_offer, left_out
from .call_words import call_words
from .delegation_approvals import Approver, Nobody
from .journal import CallJournal, JournalEntry
from .journal_ends import JournalEnds
from .route_keys import route_keys
from .routed import Routed, routed
from .setup import CallDecision, CallSetup
from .taken_calls import TOO_OLD_S, TakenCalls
from .termination import Reason, Result, Termination
from .turned_away import TurnedAway, refused, turned_away

log = logging.getLogger(__name__)


class AttachedDesk:
    """Answer webhooks with calls.

    Args:
        route: Returns what the plan that takes a call makes of it, or None.
        named: Returns the same of a plan by its name.
        endpoint: Where the provider's sessions are.
        sip_calls: The provider's connector.
        journal: What came, and what is kept of it.
        observer: Who is told of every call.
        most_calls: How many there may be.
        wall_clock: Returns Unix seconds.
        approver: Asked before tools run that need it; None: nobody can be.
        emergency_numbers: What only plans that say so take calls to.
    """

    def __init__(
        self,
        *,
        route: Callable[[CallKeys], CallDecision | None],
        named: Callable[[str], CallDecision | None],
        endpoint: Endpoint,
        sip_calls: Connector,
        journal: CallJournal,
        observer: facts.Observer,
        most_calls: int,
        wall_clock: Callable[[], float],
        approver: Approver | None = None,
        emergency_numbers: Collection[str] = EMERGENCY_NUMBERS,
    ) -> None:
        self._route, self._named = route, named
        self._emergency_numbers = frozenset(emergency_numbers)
        self._endpoint, self._connector, self._journal = endpoint, sip_calls, journal
        self._observer, self._most_calls = observer, most_calls
        self._wall_clock, self._approver = wall_clock, approver or Nobody()
        self._loop = asyncio.get_running_loop()
        self._looking = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken, self._ends = TakenCalls(), JournalEnds(journal)
        self._is_draining = False
        self._explained: set[str] = set()
        self.calls: dict[str, AttachedCall] = {}

    async def look(self) -> None:
        """Decide on what waits in the journal.

        Raises:
            JournalError: If it could not be read; nothing was decided then.
        """
        async with self._looking:
            await self._ends.again()
            for entry in await self._journal.waiting():
                self._decide(entry)
            self._forget()

    async def resume(self) -> None:
        """Take up the calls that a process before this one accepted.

        Raises:
            JournalError: If the journal could not be read; nothing was taken up then.
        """
        async with self._looking:
            for entry in await self._journal.alive():
                self._take_up(entry)

    def drain(self) -> None:
        """Take no more calls."""
        self._is_draining = True

    def undrain(self) -> None:
        """Take calls again."""
        self._is_draining = False

    def hang_up_all(self, reason: Reason) -> None:
        """End every call now."""
        for call in list(self.calls.values()):
            call.hang_up(reason)

    def detach_all(self) -> None:
        """Let go of every call: they live on at the provider, and in the journal."""
        for call in list(self.calls.values()):
            call.detach()

    async def until_empty(self) -> None:
        """Wait until the last call is over, or let go."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # What comes. Nothing waits between finding a call and remembering it.

    def _decide(self, entry: JournalEntry) -> None:
        if not self._taken.take(entry):
            return
        call_id, invite = secrets.token_hex(8), invite_of_headers(entry.sip_headers)
        keys = self._offer(call_id, entry, invite)
        age_s = self._wall_clock() - entry.received_at
        if age_s > TOO_OLD_S:
            log.warning("call=%s ! waited %.0f s, not accepted", call_id, age_s)
            gone = Termination(
                Result.ABANDONED, Reason.CALLER_CANCELLED, f"waited {age_s:.0f} s", 487
            )
            self._refuse(call_id, entry, gone, None)
            return
        if self._is_draining:
            self._turn_away(call_id, entry, refused(Reason.DRAINING, 503))
            return
        decision = self._route(keys)
        if isinstance(decision, Routed):
            self._tell(call_id, routed(decision))
        if not isinstance(decision, CallSetup):
            self._turn_away(call_id, entry, turned_away(decision, call_id, invite))
        elif len(self.calls) >= self._most_calls:
            log.warning("call=%s ! no room: %d calls", call_id, len(self.calls))
            self._turn_away(call_id, entry, refused(Reason.BUSY, 486))
        else:
            self._begin(call_id, entry, decision, decision.agent)

    def _take_up(self, entry: JournalEntry) -> None:
        if not self._taken.take(entry):
            return
        call_id = entry.call_id or secrets.token_hex(8)
        self._offer(call_id, entry, invite_of_headers(entry.sip_headers))
        setup = self._named(entry.plan)
        if not isinstance(setup, CallSetup):
            log.error("call=%s ! plan %s is gone, so it is hung up", call_id, entry.plan)
            self._tell(call_id, facts.CallRouted(entry.plan, ""))
            gone = Termination(Result.FAILED, Reason.NO_ROUTE, f"plan {entry.plan} is gone")
            end = self._connector.hangup
            self._refuse(call_id, entry, gone, lambda: end(entry.realtime_call_id))
            return
        agent = setup.personas.get(entry.agent or setup.agent.name)
        if agent is None:
            name = setup.agent.name
            log.warning("call=%s ! agent %s is gone, %s goes on", call_id, entry.agent, name)
        self._tell(call_id, routed(setup, (agent or setup.agent).name))
        self._begin(call_id, entry, setup, agent or setup.agent)

    def _forget(self) -> None:
        """Forget calls that would be too old to be taken."""
        alive = {call.realtime_call_id for call in self.calls.values()}
        self._taken.forget(self._wall_clock(), alive | self._ends.waiting)

    # What becomes of it.

    def _begin(
        self, call_id: str, entry: JournalEntry, setup: CallSetup, agent: RealtimeAgent
    ) -> None:
        self._explain(setup)
        call = self.calls[call_id] = AttachedCall(
            call_id,
            entry,
            setup.about(call_words(invite_of_headers(entry.sip_headers)), {}, entry.received_at),
            agent,
            endpoint=self._endpoint,
            connector=self._connector,
            journal=self._journal,
            observer=self._observer,
            wall_clock=self._wall_clock,
            approver=self._approver,
        )
        self._start(self._run(call), f"attached call {call_id}")

    async def _run(self, call: AttachedCall) -> None:
        log.info("call=%s = attaching to %s", call.call_id, call.realtime_call_id)
        try:
            end = await call.run()
            if end is None:
                log.info("call=%s = let go, and goes on", call.call_id)
                return
            log.info("call=%s = %s %s %s", call.call_id, end.result, end.reason, end.detail)
            await self._ends.note(call.realtime_call_id)
        finally:
            del self.calls[call.call_id]

    def _turn_away(self, call_id: str, entry: JournalEntry, away: TurnedAway) -> None:
        def request() -> Awaitable[None]:
            if away.target_uri:
                return self._connector.refer(entry.realtime_call_id, away.target_uri)
            return self._connector.reject(entry.realtime_call_id, away.ended.sip_status)

        self._refuse(call_id, entry, away.ended, request)

    def _refuse(
        self,
        call_id: str,
        entry: JournalEntry,
        ended: Termination,
        request: Callable[[], Awaitable[None]] | None,
    ) -> None:
        async def refuse() -> None:
            try:
                if request is not None:
                    await request()
            except CallGone:
                log.debug("call=%s was over when it was refused", call_id)
            except SessionError as error:
                log.error("call=%s ! could not be refused: %s", call_id, error)
            finally:
                talked_ms = round(entry.talked_s(self._wall_clock()) * 1000)
                self._tell(call_id, facts.CallEnded(ended, talked_ms, entry.extra))
            await self._ends.note(entry.realtime_call_id)

        self._start(refuse(), f"refused call {call_id}")

    def _explain(self, setup: CallSetup) -> None:
        fields = left_out(setup)
        if fields and setup.plan not in self._explained:
            self._explained.add(setup.plan)
            log.info("plan %s: attached calls go without %s", setup.plan, ", ".join(fields))

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = self._loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _offer(self, call_id: str, entry: JournalEntry, invite: Invite) -> CallKeys:
        keys = route_keys(invite, call_id, entry.received_at, self._emergency_numbers)
        self._tell(call_id, attached_offer(entry, invite, keys))
        return keys

    def _tell(self, call_id: str, fact: facts.Fact) -> None:
        self._observer.tell(call_id, fact, at=self._loop.time())
