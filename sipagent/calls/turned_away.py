"""Calls that no agent answers: why, and with what. Pure but for the log.

RFC 3261 section 21: 404 where no plan takes the number, 302 with a Contact where somebody else is
to be called, else what the plan says.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sipagent.sip.headers import Invite

from .emergency import EMERGENCY_WARNING, emergency_refusal
from .setup import ReferCall, RefuseCall, RefuseEmergency
from .termination import Reason, Result, Termination

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """How a call is refused."""

    ended: Termination
    """With the status of the response."""
    target_uri: str = ""
    """Who is to be called instead; ``""``: nobody."""
    headers: tuple[tuple[str, str], ...] = ()
    """Of the response."""


def turned_away(
    decision: RefuseCall | ReferCall | RefuseEmergency | None, call_id: str, invite: Invite
) -> TurnedAway:
    """Return how a call is refused that is not taken, and say so in the log.

    Args:
        decision: Of its plan; None: no plan takes it.
        call_id: Ours.
        invite: Of the call.
    """
    match decision:
        case None:
            log.info("call=%s ! no plan takes sip:%s", call_id, invite.called_user)
            return refused(Reason.NO_ROUTE, 404)
        case RefuseEmergency():
            reason, status = emergency_refusal(call_id, invite)
            return refused(reason, status, EMERGENCY_WARNING)
        case RefuseCall(plan, status):
            log.info("call=%s ! refused by plan %s: %d", call_id, plan, status)
            return refused(Reason.PLAN_REFUSED, status)
        case ReferCall(plan, target_uri):
            log.info("call=%s ! redirected by plan %s", call_id, plan)
            ended = Termination(Result.REFUSED, Reason.REDIRECTED, f"to {target_uri}", 302)
            return TurnedAway(ended, target_uri, (("Contact", f"<{target_uri}>"),))


def refused(reason: Reason, status: int, *headers: tuple[str, str]) -> TurnedAway:
    """Return the refusal with ``status``."""
    return TurnedAway(Termination(Result.REFUSED, reason, "", status), headers=headers)
