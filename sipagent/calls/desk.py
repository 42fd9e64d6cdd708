"""The desk of one worker: takes each INVITE, finds its plan, starts its call, keeps track.

Runs on the loop. A call that fails takes nothing else with it: ``Call.run`` never raises.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from sipagent.realtime.transport import Endpoint
from sipagent.sip.call import SipCall
from sipagent.sip.headers import Invite

from . import facts
from .call import Call
from .setup import CallSetup
from .termination import Reason, Result, Termination

log = logging.getLogger(__name__)


class CallDesk:
    """Answer INVITEs with calls.

    Args:
        route: Returns the setup of the plan that takes a call, or None.
        endpoint: Where the speech model is.
        observer: Who is told of every call.
        recordings_dir: Where recordings go.
        wall_clock: Returns Unix seconds.
    """

    def __init__(
        self,
        *,
        route: Callable[[Invite], CallSetup | None],
        endpoint: Endpoint,
        observer: facts.Observer,
        recordings_dir: Path,
        wall_clock: Callable[[], float],
    ) -> None:
        self._route, self._endpoint = route, endpoint
        self._observer, self._recordings_dir = observer, recordings_dir
        self._wall_clock = wall_clock
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls: dict[str, Call] = {}

    def incoming(self, leg: SipCall) -> None:
        """Take the INVITE of ``leg``; refuse it at once when no plan wants it."""
        call_id, now, invite = secrets.token_hex(8), self._loop.time(), leg.invite
        self._observer.tell(
            call_id,
            facts.CallOffered(
                "incoming",
                invite.sip_call_id,
                invite.called_user,
                invite.caller_user,
                invite.source_address,
            ),
            at=now,
        )
        setup = self._route(invite)
        if setup is None:
            refusal = Termination(Result.REFUSED, Reason.NO_ROUTE, sip_status=404)
            leg.reject(404, "Not Found")
            log.info("call=%s ! no plan takes sip:%s", call_id, invite.called_user)
            self._observer.tell(call_id, facts.CallEnded(refusal, 0), at=now)
            return
        self._observer.tell(call_id, facts.CallRouted(setup.plan, setup.agent.name), at=now)
        call = Call(
            call_id,
            leg,
            setup,
            self._endpoint,
            self._observer,
            offered_at=now,
            recordings_dir=self._recordings_dir,
            wall_clock=self._wall_clock,
        )
        self.calls[call_id] = call
        task = self._loop.create_task(self._run(call), name=f"call {call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hang_up_all(self, reason: Reason) -> None:
        """End every call now."""
        for call in list(self.calls.values()):
            call.hang_up(reason)

    async def until_empty(self) -> None:
        """Wait until the last call is over."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, call: Call) -> None:
        log.info("call=%s = started", call.call_id)
        try:
            end = await call.run()
            log.info("call=%s = %s %s %s", call.call_id, end.result, end.reason, end.detail)
        finally:
            del self.calls[call.call_id]
