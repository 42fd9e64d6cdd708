"""Calls that we place: asked for by a person or a program, dialled, and run like any other.

Runs on the loop. What was allowed is decided before, see ``dial_guard``.

| resource     | acquired  | released            | on failure                                 |
|--------------|-----------|---------------------|--------------------------------------------|
| task of dial | ``place`` | once the call began | the call ends ``failed``, and is on record |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sipagent.errors import SipError
from sipagent.sip.call import SipCall
from sipagent.sip.headers import uri_user
from sipagent.sip.line import LineWishes

from . import facts
from .desk import CallDesk
from .leg_answer import LegAnswer
from .outgoing_controller import OutgoingController
from .routed import routed
from .setup import CallDecision, CallSetup
from .termination import Reason, Result, Termination

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DialRequest:
    """A call that somebody wants."""

    call_id: str
    uri: str
    """Whom to call; without a host where there is a trunk."""
    plan: str
    trunk: str = ""
    caller_id: str = ""
    """User part of From; ``""``: what the plan says, or the trunk."""
    ring_s: float | None = None
    """None: what the plan says."""
    headers: tuple[tuple[str, str], ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """What agents are told of this call."""


class Line(Protocol):
    """What dialling needs of ``sip.endpoint.SipEndpoint``."""

    @property
    def free_calls(self) -> int: ...
    @property
    def is_draining(self) -> bool: ...
    async def dial(
        self,
        uri: str,
        *,
        trunk: str = ...,
        from_user: str = ...,
        headers: Sequence[tuple[str, str]] = ...,
        wishes: LineWishes = ...,
    ) -> SipCall: ...


@dataclass(frozen=True, slots=True)
class DialAnswer:
    """Whether a call is being placed."""

    status: int
    """Of HTTP; 202: it is."""
    text: str = ""
    """Why not."""


class DialDesk:
    """Place calls.

    Args:
        desk: Runs them.
        line: Dials.
        named: Returns what a plan makes of its calls, None if there is no such plan.
        trunks: Names of those there are.
    """

    def __init__(
        self,
        desk: CallDesk,
        line: Line,
        named: Callable[[str], CallDecision | None],
        trunks: Collection[str] = (),
    ) -> None:
        self._desk, self._line, self._named, self._trunks = desk, line, named, trunks
        self._loop = asyncio.get_running_loop()
        self._dialling: dict[str, asyncio.Task[None]] = {}
        self._given_up: set[str] = set()

    def place(self, request: DialRequest) -> DialAnswer:
        """Begin to dial; what becomes of it is told to the observers."""
        setup = self._named(request.plan)
        if not isinstance(setup, CallSetup):
            why = "there is no plan" if setup is None else "there are no agents in plan"
            return DialAnswer(404, f'{why} "{request.plan}"')
        if request.trunk and request.trunk not in self._trunks:
            return DialAnswer(404, f'there is no trunk "{request.trunk}"')
        if self._line.is_draining:
            return DialAnswer(503, "no more calls are placed: the box is being stopped")
        if self._line.free_calls <= len(self._dialling):
            return DialAnswer(503, "no call is free")
        task = self._loop.create_task(
            self._dial(request, setup), name=f"dialling {request.call_id}"
        )
        self._dialling[request.call_id] = task
        task.add_done_callback(lambda _: self._dialling.pop(request.call_id, None))
        return DialAnswer(202)

    @property
    def is_dialling(self) -> bool:
        """Tell whether a call is being placed that is none yet."""
        return bool(self._dialling)

    async def close(self) -> None:
        """Dial nobody any more; what was about to be a call ends, on record."""
        tasks = list(self._dialling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def give_up(self, call_id: str) -> bool:
        """End a call as soon as it is one; return whether it is being dialled."""
        if call_id not in self._dialling:
            return False
        self._given_up.add(call_id)
        return True

    async def _dial(self, request: DialRequest, setup: CallSetup) -> None:
        call_id = request.call_id
        outgoing = setup.outgoing
        caller = request.caller_id or outgoing.caller_id
        try:
            leg = await self._line.dial(
                request.uri,
                trunk=request.trunk,
                from_user=caller,
                headers=request.headers,
                wishes=setup.line.wishes,
            )
        except SipError as error:
            log.warning("call=%s ! could not be dialled; why is in its record", call_id)
            failed = Termination(Result.FAILED, Reason.DIAL_FAILED, str(error), error.status or 500)
            self._never_sent(request, setup, caller, failed)
            return
        except asyncio.CancelledError:
            ended = Termination(Result.FAILED, Reason.SHUTDOWN, "not dialled any more", 503)
            self._never_sent(request, setup, caller, ended)
            raise
        finally:
            is_given_up = call_id in self._given_up
            self._given_up.discard(call_id)
        offered_at = self._loop.time()
        invite = leg.invite
        self._offered(call_id, invite.sip_call_id, invite.called_user, invite.caller_user)
        self._tell(call_id, routed(setup))
        controller = OutgoingController(
            setup.policy,
            ring_s=request.ring_s or outgoing.ring_s,
            greets=outgoing.agent_speaks_first,
            hears_early=outgoing.hears_early,
        )
        call = self._desk.run_call(
            call_id,
            leg,
            setup,
            controller,
            LegAnswer(offered_at, is_outgoing=True, transport=invite.transport),
            request.variables,
        )
        if is_given_up:
            call.hang_up(Reason.OPERATOR_HUNG_UP)

    def _never_sent(
        self, request: DialRequest, setup: CallSetup, caller: str, ended: Termination
    ) -> None:
        self._offered(request.call_id, "", uri_user(request.uri) or request.uri, caller)
        self._tell(request.call_id, routed(setup))
        self._tell(request.call_id, facts.CallEnded(ended, 0))

    def _offered(self, call_id: str, sip_call_id: str, called: str, caller: str) -> None:
        self._tell(call_id, facts.CallOffered("outgoing", sip_call_id, called, caller))

    def _tell(self, call_id: str, fact: facts.Fact) -> None:
        self._desk.tell(call_id, fact)
