"""Makes the calls that come after others on their legs; on the PJSIP thread, inside callbacks.

They are of the same trunk, whoever asks for them: PJSUA2 asserts that both are of one account.

A peer that sends REFERs faster than PJSIP can take them is refused, and so is one whose last REFER
is still under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from .call import SipCall
from .events import Transferred
from .headers import outgoing_invite, parse_invite
from .pjlib import pj
from .socket_budget import MediaBudget, Share
from .thread import PjThread

if TYPE_CHECKING:
    from .pj_call import PjCall


class LegSuccessors:
    """What an endpoint does about REFERs and about INVITEs with Replaces.

    Args:
        thread: Of PJSIP.
        make: Makes and keeps a call, of PJSIP's number or to be dialled.
        codecs: What we offer.
        sockets: Of media.
        follows_refer: Whether every REFER is followed, on a leg of its own (the test phone).
    """

    def __init__(
        self,
        thread: PjThread,
        make: Callable[[SipCall, int], PjCall],
        codecs: Sequence[str],
        sockets: MediaBudget,
        *,
        follows_refer: bool,
    ) -> None:
        self._thread, self._make, self._codecs = thread, make, codecs
        self._follows_refer = follows_refer
        self._sockets = sockets

    def later(self, command: Callable[[], None]) -> None:
        """Run a command on the PJSIP thread once the callback is over."""
        self._thread.post(command)

    def replaced(self, old: PjCall, pj_call_id: int, text: str, source_address: str) -> PjCall:
        """Make the call that takes ``old`` over (RFC 3891); inside a callback of ``old``."""
        leg = old.leg.deserted()
        leg.invite = replace(parse_invite(text, source_address), trunk=old.leg.invite.trunk)
        peer = self._make(leg, pj_call_id)
        peer.succession.take_over(old)
        return peer

    def referred(self, old: PjCall, target_uri: str) -> PjCall | None:
        """Make the call PJSUA is about to dial; None to refuse. Inside a callback of ``old``.

        It is told now: once PJSUA has dialled, a BYE may have been told before.
        """
        is_sip = target_uri.lower().startswith(("sip:", "sips:"))
        may_follow = (
            is_sip
            and not old.succession.is_awaited
            and (self._follows_refer or old.leg.follows(target_uri))
        )
        if not (may_follow and self._sockets.admits(Share.REFER, now=monotonic())):
            return None
        leg = old.leg.deserted()
        trunk = old.leg.invite.trunk
        leg.invite = outgoing_invite(target_uri, "sipagent", (), self._codecs, trunk)
        peer = self._make(leg, int(pj.PJSUA_INVALID_ID))
        leg.attach(peer)
        self._thread.post(lambda: _followed(peer))
        if self._follows_refer:
            old.leg.tell(Transferred(target_uri, leg))
        else:
            old.succession.expect(peer, target_uri)
        return peer


def _followed(peer: PjCall) -> None:
    """Complete a leg that PJSUA has dialled, or end it: the peer was told 500 then."""
    leg = peer.leg
    if peer.has_ended:
        return
    if peer.isActive():
        leg.invite = replace(leg.invite, sip_call_id=str(peer.getInfo().callIdString))
    else:
        peer.give_up_dialling()
