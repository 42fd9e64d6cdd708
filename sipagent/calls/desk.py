"""The desk of one worker: takes each INVITE, finds its plan, starts its call, keeps track.

A plan may also refuse the call, or say whom to call instead: neither becomes a ``Call``.

Runs on the loop. A call that fails takes nothing else with it: ``Call.run`` never raises.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sipagent.dialplan.call_keys import CallKeys
from sipagent.realtime.transport import Endpoint
from sipagent.sip.call import SipCall
from sipagent.sip.emergency import EMERGENCY_NUMBERS

from . import facts
from .call import Call
from .call_words import call_words
from .consult import Dial, no_line
from .controller import CallController
from .delegation_approvals import Approver, Nobody
from .incoming import incoming_controller
from .leg_answer import LegAnswer
from .leg_interop import interop_found
from .route_keys import route_keys
from .routed import Routed, routed
from .setup import CallDecision, CallSetup
from .termination import Reason
from .turned_away import turned_away

log = logging.getLogger(__name__)


class CallDesk:
    """Answer INVITEs with calls.

    Args:
        route: Returns what the plan that takes a call makes of it, or None.
        endpoint: Where the speech model is.
        observer: Who is told of every call.
        recordings_dir: Where recordings go.
        wall_clock: Returns Unix seconds.
        approver: Asked before tools run that need it; None: nobody can be.
        dial: Calls whom a caller is to be transferred to.
        emergency_numbers: What only plans that say so take calls to.
    """

    def __init__(
        self,
        *,
        route: Callable[[CallKeys], CallDecision | None],
        endpoint: Endpoint,
        observer: facts.Observer,
        recordings_dir: Path,
        wall_clock: Callable[[], float],
        approver: Approver | None = None,
        dial: Dial = no_line,
        emergency_numbers: Collection[str] = EMERGENCY_NUMBERS,
    ) -> None:
        self._dial, self._emergency_numbers = dial, frozenset(emergency_numbers)
        self._route, self._endpoint = route, endpoint
        self._observer, self._recordings_dir = observer, recordings_dir
        self._wall_clock, self._approver = wall_clock, approver or Nobody()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls: dict[str, Call] = {}

    def incoming(self, leg: SipCall) -> None:
        """Take the INVITE of ``leg``; answer it at once when its plan, or none, wants it so."""
        call_id, invite = secrets.token_hex(8), leg.invite
        keys = route_keys(invite, call_id, self._wall_clock(), self._emergency_numbers)
        offered = facts.CallOffered(
            "incoming",
            invite.sip_call_id,
            invite.called_user,
            invite.caller_user,
            invite.source_address,
            asserted_caller=keys.asserted_caller,
            diverted_from=keys.diverted_from,
            keys=keys,
        )
        for fact in (offered, *interop_found(call_id, invite)):
            self.tell(call_id, fact)
        decision = self._route(keys)
        if isinstance(decision, Routed):
            self.tell(call_id, routed(decision))
        if not isinstance(decision, CallSetup):
            away = turned_away(decision, call_id, invite)
            leg.reject(away.ended.sip_status, headers=away.headers)
            self.tell(call_id, facts.CallEnded(away.ended, 0))
            return
        has_early_media, transport = decision.line.early is not None, leg.invite.transport
        answer = LegAnswer(self._loop.time(), has_early_media=has_early_media, transport=transport)
        self.run_call(call_id, leg, decision, incoming_controller(decision), answer)

    def hang_up_all(self, reason: Reason) -> None:
        """End every call now."""
        for call in list(self.calls.values()):
            call.hang_up(reason)

    def run_call(
        self,
        call_id: str,
        leg: SipCall,
        setup: CallSetup,
        controller: CallController,
        answer: LegAnswer,
        variables: Mapping[str, str] | None = None,
    ) -> Call:
        """Start a call over ``leg``, whoever placed it; that it was offered has been told.

        Args:
            call_id: Ours.
            leg: The caller's, or the callee's.
            setup: Of its plan.
            controller: Of the call.
            answer: What is known of the leg's beginning.
            variables: What whoever had it placed says of it.
        """
        call = Call(
            call_id,
            leg,
            setup.about(call_words(leg.invite), variables or {}, self._wall_clock()),
            controller,
            self._endpoint,
            self._observer,
            answer=answer,
            recordings_dir=self._recordings_dir,
            wall_clock=self._wall_clock,
            approver=self._approver,
            dial=self._dial,
        )
        self.calls[call_id] = call
        task = self._loop.create_task(self._run(call), name=f"call {call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    def tell(self, call_id: str, fact: facts.Fact) -> None:
        """Tell the observers of calls."""
        self._observer.tell(call_id, fact, at=self._loop.time())

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
