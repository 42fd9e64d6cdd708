"""Who may be put in the caller's place: by REFER (RFC 3515), or by Replaces (RFC 3891).

An exchange does that when a person hands their call over to the agent, or the agent to a person.
The leg goes on with its media and the agent with its session; it is told that somebody else is
there now. A REFER is followed only to targets of the plan: whoever calls could otherwise have us
call, and pay for, anybody. Emergency and premium numbers are never called, whatever the plan says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sipagent.dialplan.globs import matches
from sipagent.sip.events import PeerReplaced, ReferRequested
from sipagent.sip.never_called import NeverCalled
from sipagent.sip.refer import plain_target

from . import facts
from .inbox import Inbox
from .part import CallHands, CallPart
from .transfer_setup import TransferSetup

log = logging.getLogger(__name__)

REPLACED_NOTE = (
    "The call was transferred: somebody else is at the other end of the line now. They have not"
    " heard what was said so far."
)


class LegSuccession(CallPart):
    """Let the other end of a leg be replaced, as the plan wants it.

    Args:
        setup: The plan's share.
    """

    def __init__(self, setup: TransferSetup) -> None:
        super().__init__()
        self._setup = setup

    def join(self, hands: CallHands) -> None:
        """Say what the leg may do, before anybody can ask."""
        super().join(hands)
        hands.leg.accepts_replaces = self._setup.accepts_replaces
        hands.leg.follows = allowed(self._setup.refer_targets, self._setup.never_called)

    def handle(self, message: Inbox) -> None:
        """Tell what happened."""
        match message:
            case PeerReplaced(invite=invite):
                is_ours = not invite.source_address
                who = invite.called_user if is_ours else invite.caller_user
                self.hands.tell(facts.PeerChanged(invite.sip_call_id, who))
                self.hands.conversation.commands.note(REPLACED_NOTE)
            case ReferRequested(is_followed=is_followed):
                what = "followed" if is_followed else "refused"
                log.info("call=%s = a REFER was %s", self.hands.call_id, what)
            case _:
                pass


def allowed(globs: Sequence[str], never_called: NeverCalled) -> Callable[[str], bool]:
    """Return what tells whether a REFER to a URI may be followed."""

    def is_allowed(target_uri: str) -> bool:
        target = plain_target(target_uri)
        if not target or never_called.has(target):
            return False
        return any(matches(glob, target) for glob in globs)

    return is_allowed
