"""The legs of an endpoint, as PJSIP has them; every method runs on the PJSIP thread.

| resource           | acquired             | released                                |
|--------------------|----------------------|-----------------------------------------|
| ``PjCall``         | INVITE, REFER        | after its disconnect, outside callbacks |
| conference ports   | first use            | ``close`` (lent by ``PortPool``)        |
| resting RTP ports  | end of a leg         | ``rtp_rest_s`` later, or ``close``      |
| legs of the relay  | INVITE               | see ``DtlsCalls``                       |
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from sipagent.errors import NoSockets

from .accounts import NO_TRUNK, Accounts
from .call import SipCall
from .dial_turns import TOO_MANY_CALLS, DialTurns
from .dtls_calls import DialogKey, DtlsCalls
from .headers import Invite
from .leg_media import MediaSources
from .next_server import NextServer, host_of
from .pj_call import PjCall
from .pj_slot import check_layout
from .pj_values import operation
from .pjlib import pj
from .port_pool import PortPool
from .resting_ports import RestingPorts
from .settings import SipSettings
from .socket_budget import MediaBudget, Share
from .successors import LegSuccessors
from .thread import PjThread

UNUSABLE_ANSWER = "the callee answers with audio that was not offered"


class Legs:
    """Make legs, and let go of them.

    Args:
        settings: Of the endpoint.
        thread: PJSIP's.
        sockets: Of media.
        turns: For calls of ours.
        follows_refer: Whether a peer may send us elsewhere.
    """

    def __init__(
        self,
        settings: SipSettings,
        thread: PjThread,
        sockets: MediaBudget,
        turns: DialTurns,
        *,
        follows_refer: bool,
    ) -> None:
        self._sockets, self._turns = sockets, turns
        self._thread = thread
        self._settings = settings
        self._failed: Callable[[str, float], bool] = lambda host, for_s: False
        self._ports = PortPool()
        self._resting = RestingPorts(settings.rtp_rest_s, settings.most_resting)
        self._peers: set[PjCall] = set()
        self._successors = LegSuccessors(
            thread, self._make, settings.codecs, sockets, follows_refer=follows_refer
        )
        self._accounts: Accounts | None = None
        self.relayed = DtlsCalls(settings, self._relay_judged, lambda: thread.post(self._sweep))

    def __len__(self) -> int:
        """Return how many there are; any thread."""
        return len(self._peers)

    def open(self, accounts: Accounts, failed: Callable[[str, float], bool]) -> None:
        """Take part in a PJSIP that has started.

        Args:
            accounts: Its own.
            failed: Called with a host whose server failed; returns whether there is another.

        Raises:
            SipError: If this build of the binding has another layout.
        """
        self._accounts, self._failed = accounts, failed
        check_layout(accounts.of(NO_TRUNK))

    def answering(self, leg: SipCall, pj_call_id: int) -> PjCall:
        """Return the PJSIP side of a leg whose INVITE has come."""
        peer = self._make(leg, pj_call_id)
        leg.attach(peer)
        return peer

    def dial(self, leg: SipCall, from_uri: str) -> None:
        """Send the INVITE of ``leg``.

        Raises:
            pj.Error: If PJSIP does not; nothing is left behind.
            NoSockets: If there are none for it now.
        """
        invite = leg.invite
        if not self._sockets.admits(Share.DIAL, now=monotonic()):
            raise NoSockets(TOO_MANY_CALLS)
        parameters = operation(0, "", invite.headers)
        parameters.txOption.localUri = from_uri
        peer = self._new(leg, pj.PJSUA_INVALID_ID)
        peer.next_server = NextServer(
            self._next_hop(invite),
            self._failed,
            lambda leg: self.dial(leg, from_uri),
            self._turns,
            self._thread,
        )
        try:
            peer.makeCall(invite.called_uri, parameters)
        except pj.Error:
            if not peer.has_ended:  # else PJSIP has said so, and it is on its way to `_release`
                peer.release()
            raise
        leg.invite = replace(invite, sip_call_id=str(peer.getInfo().callIdString))
        leg.attach(peer)
        self._peers.add(peer)

    def _next_hop(self, invite: Invite) -> str:
        proxies = {each.name: each.next_hop for each in self._settings.trunks if each.proxy}
        return proxies.get(invite.trunk) or host_of(invite.called_uri)

    def rest(self, now: float) -> None:
        """Let RTP ports be used again that have rested."""
        self._resting.release(now=now)

    def answered_late(self, sip_call_id: str) -> None:
        """End a call that PJSUA has given up, and whose callee answers after all."""
        for peer in self._peers:
            if peer.leg.invite.sip_call_id == sip_call_id and not peer.was_given_up:
                peer.media_failed(UNUSABLE_ANSWER)

    def hang_up_all(self) -> None:
        """End every leg; those that nobody has answered are refused with 503."""
        for peer in self._peers:
            peer.send_bye([("Reason", "SIP;cause=503")], unanswered=503)

    def drop_all(self) -> None:
        """Let go of every leg, whether it has ended or not."""
        while self._peers:
            self._release(next(iter(self._peers)))

    def close(self) -> None:
        """Give everything back; the conference clock stands still."""
        self._ports.close()
        self._resting.close()
        self.relayed.close()

    def counts(self) -> dict[str, int]:
        """Return what is held."""
        held = {"legs": len(self._peers), "media_ports": self._ports.in_use}
        return held | {"relayed": len(self.relayed)}

    @property
    def kept_ports(self) -> int:
        """Conference ports, lent or kept for the next leg."""
        return len(self._ports)

    def _make(self, leg: SipCall, pj_call_id: int) -> PjCall:
        peer = self._new(leg, pj_call_id)
        self._peers.add(peer)
        return peer

    def _new(self, leg: SipCall, pj_call_id: int) -> PjCall:
        assert self._accounts is not None
        account = self._accounts.of(leg.invite.trunk)
        media = MediaSources(self._ports, self._resting, self.relayed)
        return PjCall(account, pj_call_id, leg, media, self._gone, self._successors)

    def _relay_judged(self, key: DialogKey, why: str) -> None:
        def tell() -> None:
            for peer in [each for each in self._peers if each.has_dialog(key)]:
                if why:
                    peer.media_failed(why)
                else:
                    peer.media_keyed()

        self._thread.post(tell)

    def _gone(self, peer: PjCall) -> None:
        self._thread.post(lambda: self._release(peer))  # never inside its own callback

    def _release(self, peer: PjCall) -> None:
        self._peers.discard(peer)
        peer.leg.release()
        peer.release()
        self._sweep()

    def _sweep(self) -> None:
        """End legs of the relay that belong to no call: their INVITE was refused."""
        for key in self.relayed.dialogs:
            if not any(peer.has_dialog(key) for peer in self._peers):
                for handle in self.relayed.end(key):
                    os.close(handle)
