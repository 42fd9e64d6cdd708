"""One dialog after another on the same leg: a peer that sends us elsewhere, or is replaced.

The loop's side of a leg, its media port and whoever talks there stay; only the ``pj.Call`` below
changes. What goes on with the old one is nobody's business any more.

- An INVITE with Replaces (RFC 3891) takes a leg over when PJSUA has matched it: at once.
- A REFER that is followed (RFC 3515) has PJSUA dial the target; that call takes the leg over when
  it is answered, or when the peer that sent us hangs up before: many do, as soon as they may.

There is one such target at a time: a leg has one call, and a call without a leg has nobody to end
it. Another REFER is refused meanwhile, and a target that still rings when an INVITE with Replaces
comes is given up.

Runs on the PJSIP thread, inside callbacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from .events import PeerReplaced, ReferRequested
from .refer import refer_target

if TYPE_CHECKING:
    from .pj_call import PjCall

OK, ACCEPTED, FORBIDDEN, DECLINED = 200, 202, 403, 603


class Successors(Protocol):
    """Makes the calls that come after others on their legs."""

    def referred(self, old: PjCall, target_uri: str) -> PjCall | None:
        """Return the call PJSUA is to dial once the callback is over, or None to refuse."""
        ...

    def replaced(self, old: PjCall, pj_call_id: int, text: str, source_address: str) -> PjCall:
        """Return the call of an INVITE with Replaces that PJSUA let in."""
        ...

    def later(self, command: Callable[[], None]) -> None:
        """Run a command on the PJSIP thread once the callback is over."""
        ...


class Succession:
    """Who comes after a call on its leg, and whom it comes after.

    PJSUA follows every REFER and lets every INVITE with Replaces take a call over unless its
    callback says no: here one says no unless the leg may go on elsewhere.

    Args:
        call: Whose.
        successors: Says who may come after it, and makes them.
    """

    def __init__(self, call: PjCall, successors: Successors) -> None:
        self._call, self._successors = call, successors
        self._later = successors.later
        self._replacing = ("", "")
        self._successor: PjCall | None = None
        self._predecessor: PjCall | None = None

    @property
    def awaits_leg(self) -> bool:
        """Tell whether another call still has the leg this one is to go on with."""
        return self._predecessor is not None

    @property
    def is_awaited(self) -> bool:
        """Tell whether a call that PJSUA dials is to go on with this one's leg."""
        return self._successor is not None

    def referred(self, prm: Any) -> None:
        """Refuse a REFER (``OnCallTransferRequestParam``), or have PJSUA dial its target."""
        prm.statusCode = DECLINED
        target_uri = refer_target(str(prm.dstUri))
        may_follow = bool(target_uri) and self._call.progress.may_be_succeeded
        successor = self._successors.referred(self._call, target_uri) if may_follow else None
        if successor is None:
            self._call.leg.tell(ReferRequested(target_uri))
            return
        prm.newCall = successor  # without one, PJSUA has two calls share this object
        prm.statusCode = ACCEPTED

    def asked(self, prm: Any) -> None:
        """Let in an INVITE with Replaces (``OnCallReplaceRequestParam``), or refuse it."""
        prm.statusCode = FORBIDDEN
        if self._call.leg.accepts_replaces and self._call.progress.may_be_succeeded:
            self._replacing = (str(prm.rdata.wholeMsg), str(prm.rdata.srcAddress))
            prm.statusCode = OK

    def replaced(self, prm: Any) -> None:
        """Give PJSUA the call of the INVITE that was let in (``OnCallReplacedParam``)."""
        new_call_id = int(prm.newCallId)
        prm.newCall = self._successors.replaced(self._call, new_call_id, *self._replacing)

    def expect(self, successor: PjCall, target_uri: str) -> None:
        """Have ``successor``, which PJSUA is about to dial, go on with the leg one day."""
        self._call.leg.tell(ReferRequested(target_uri, is_followed=True))
        self._successor, successor.succession._predecessor = successor, self._call

    def answered(self) -> bool:
        """Take the leg over if it is time; return whether there was one to be taken."""
        old = self._predecessor
        if old is None:
            return False
        self.take_over(old)
        self._later(old.send_bye)  # a NOTIFY goes first: how its REFER went
        return True

    def ended(self, *, by_us: bool) -> bool:
        """Note that the call is over; return whether its leg goes on without it."""
        old, self._predecessor = self._predecessor, None
        if old is not None:
            old.succession._successor = None
        successor = self._successor
        if successor is None:
            return False
        if by_us:
            self._successor, successor.succession._predecessor = None, None
            self._later(successor.send_bye)
            return False
        successor.succession.take_over(self._call)
        return True

    def take_over(self, old: PjCall) -> None:
        """Go on with the leg of ``old``; whoever else was to do so is hung up."""
        other, old.succession._successor = old.succession._successor, None
        self._predecessor = None
        if other is not None and other is not self._call:
            other.succession._predecessor = None
            self._later(other.send_bye)
        invite = self._call.leg.invite
        if not invite.sip_call_id and self._call.isActive():  # a target may answer at once
            invite = replace(invite, sip_call_id=str(self._call.getInfo().callIdString))
        self._call.go_on_with(old)
        self._call.leg.invite = invite
        self._call.leg.tell(PeerReplaced(invite))
