"""PjCall: the PJSIP side of a leg; every method runs on the PJSIP thread.

Callbacks only tell the leg what happened, and never raise. Media alone is joined in its own
callback, both ways, so that the caller is heard from the first packet. Once it has ended nothing is
asked of PJSUA: its number may be another call's.

Owns the ``pj.Call`` and, in ``leg_media``, a conference port; both are given back after the
disconnect, never left to the garbage collector, which may run on a thread PJLIB does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from .call import SipCall
from .callbacks import never_raises
from .dtls_calls import DialogKey
from .events import Confirmed, Disconnected, KeyWay, Progressed
from .headers import reason_header
from .in_dialog import InDialog
from .leg_encryption import EncryptionCommand, EndForFault, LegEncryption, TellConfirmed
from .leg_end import LegEnd, LegProgress
from .leg_keys import LegKeys
from .leg_media import LegMedia, MediaSources
from .leg_offer import LegOffer
from .leg_refer import LegRefer
from .next_server import NextServer
from .pj_slot import forget_call, is_of_another, leave_slot, turn_away
from .pj_values import operation, received, said
from .pjlib import destroy, pj
from .registration import retry_after_s
from .succession import Succession, Successors

log = logging.getLogger(__name__)

WITH_MEDIA = frozenset({183, 200})
"""Responses that carry our answer, if it was not sent before."""

CANNOT = LegEnd(500, is_by_peer=False)
"""The end of what PJSIP could not even send or answer."""

OK = 200


def _leg_id(call: PjCall) -> str:
    return call.leg.invite.sip_call_id


class PjCall(pj.Call):  # type: ignore[misc]
    """One ``pj.Call``.

    Args:
        account: Of the endpoint.
        pj_call_id: PJSIP's number of the call, or ``pj.PJSUA_INVALID_ID`` for an outgoing one.
        leg: The loop's side.
        media: Where what it needs for its media comes from.
        on_gone: Called once the leg is disconnected.
        succeeds: Says who may come after it, and makes them.
    """

    def __init__(
        self,
        account: Any,
        pj_call_id: int,
        leg: SipCall,
        media: MediaSources,
        on_gone: Callable[[PjCall], None],
        succeeds: Successors,
    ) -> None:
        super().__init__(account, pj_call_id)
        self.leg = leg
        self.succession = Succession(self, succeeds)
        self._media = LegMedia(self, media)
        requests = LegKeys(self), LegRefer(self), LegOffer(self)
        self._keys, self._refer, self._offer = requests
        self._in_dialog = InDialog(self, *requests, succeeds.later)
        self._on_gone = on_gone
        self.progress = LegProgress()
        self._encryption = LegEncryption()
        self._has_left = False
        """Whether PJSUA may have given its place to another call."""
        self._goes_on = False
        """Whether its leg was another call's, which had been answered."""
        self.next_server: NextServer | None = None
        """Where else a call of ours may go whose server fails."""

    @property
    def has_ended(self) -> bool:
        """Tell whether ``on_gone`` was called."""
        return self.progress.is_over

    @property
    def was_given_up(self) -> bool:
        """Tell whether we have ended it."""
        return self.progress.is_given_up

    def send_answer(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Answer the INVITE."""
        if self.has_ended:
            return
        if status >= 300:
            self.progress.is_given_up = True
        try:
            answer = operation(status, reason, headers)
            if status in WITH_MEDIA:
                answer.sdp.wholeSdp = self._media.answer()
            self.answer(answer)
            if status == OK:
                self._encryption.answered()
        except pj.Error as error:
            log.warning("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)
            if status >= 200:
                self._give_up()

    def send_bye(self, headers: Sequence[tuple[str, str]] = (), *, unanswered: int = 0) -> None:
        """Hang up; a leg that we have not answered is refused with ``unanswered``, or 603."""
        self.progress.is_given_up = True
        if self.has_ended:
            return
        try:
            self.hangup(operation(unanswered, "", headers))
        except pj.Error as error:
            log.debug("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)

    def give_up_dialling(self) -> None:
        """End a leg that PJSUA was to dial and could not."""
        self.progress.is_given_up = True
        self._end(CANNOT, "the call could not be made")

    def send_dtmf(self, digits: str, way: KeyWay) -> None:
        """Send keys of ours."""
        if not self.has_ended:
            self._keys.send(digits, way)

    def send_refer(self, refer_to: str) -> None:
        """Ask the peer to call somebody else."""
        self._refer.send(refer_to)

    def send_replaces(self, other: PjCall) -> None:
        """Ask the peer to take ``other`` over (RFC 3891)."""
        self._refer.send_replaces(other)

    def send_offer(self, *, is_hold: bool) -> None:
        """Send a re-INVITE that asks the peer to wait, or to talk again (RFC 3264 section 8.4)."""
        self._offer.send(is_hold=is_hold)

    def go_on_with(self, old: PjCall) -> None:
        """Have the leg of ``old``, and its media port; ``old`` gets one that nobody listens to."""
        self.leg, old.leg = old.leg, old.leg.deserted()
        self._goes_on = True
        self.leg.attach(self)
        try:
            self._media.take_over(old._media)
        except pj.Error as error:
            log.warning("leg %s ! no media: %s", self.leg.invite.sip_call_id, error.reason)

    def measure(self) -> None:
        """Read the media figures, if there is a stream."""
        if not self.has_ended:
            self._media.measure()

    def has_dialog(self, key: DialogKey) -> bool:
        """Tell whether this is the call of a dialog."""
        return self._media.is_of(key)

    def media_keyed(self) -> None:
        """Go on with what waited for keys: before, nobody would have been heard."""
        if self.has_ended:
            return
        try:
            self._media.changed()
        except pj.Error as error:
            log.warning("leg %s ! no media: %s", self.leg.invite.sip_call_id, error.reason)
        self._carry_out(self._encryption.keyed())

    def media_failed(self, why: str) -> None:
        """Hang up: the peer can never be heard."""
        if not self.has_ended:
            log.warning("leg %s ! %s", self.leg.invite.sip_call_id, why)
            self._carry_out(self._encryption.failed(why))

    def _carry_out(self, commands: Sequence[EncryptionCommand]) -> None:
        for command in commands:
            match command:
                case TellConfirmed():
                    self.leg.tell(Confirmed())
                case EndForFault(why):
                    self.send_bye([("Reason", f'SIP;cause=488;text="{why}"')], unanswered=488)

    @never_raises("state of leg %s", _leg_id)
    def onCallState(self, prm: Any) -> None:  # noqa: N802
        """Tell the loop what became of the leg."""
        event = prm.e  # kept: its members are views of it
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED and self.progress.confirmed():
            if not self.succession.answered() and not self._goes_on:
                waits = self._media.awaits_keys
                self._carry_out(self._encryption.confirmed(awaits_keys=waits))
        elif info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            self.progress.is_heard = True
            if not self._goes_on:
                self.leg.tell(Progressed(info.lastStatusCode))
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._has_left = True
            try:
                self.measure()
            finally:
                forget_call(self)
                self._disconnected(info, received(event))

    @never_raises("transaction of leg %s", _leg_id)
    def onCallTsxState(self, prm: Any) -> None:  # noqa: N802
        """Answer OPTIONS and INFO in the dialog, note how our REFER was; PJSUA does the rest."""
        event = prm.e  # kept: its members are views of it
        if is_of_another(self, event.body.tsxState):
            turn_away(event.body.tsxState)
        else:
            self._in_dialog.changed(event.body.tsxState)

    @never_raises("session description of leg %s", _leg_id)
    def onCallSdpCreated(self, prm: Any) -> None:  # noqa: N802
        """Offer and answer as the plan wants it."""
        self._media.describe(prm.sdp, str(prm.remSdp.wholeSdp))

    @never_raises("media of leg %s", _leg_id)
    def onCallMediaState(self, _: Any) -> None:  # noqa: N802
        """Join the leg's audio with its media port."""
        self._media.changed()

    @never_raises("figures of leg %s", _leg_id)
    def onStreamDestroyed(self, _: Any) -> None:  # noqa: N802
        """Read the figures while they are there."""
        self.measure()

    @never_raises("digit of leg %s", _leg_id)
    def onDtmfEvent(self, prm: Any) -> None:  # noqa: N802
        """Tell of a key."""
        self._keys.reported(prm)

    @never_raises("REFER to leg %s", _leg_id)
    def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802
        """Refuse a REFER, or have PJSUA dial its target on a leg of ours."""
        self.succession.referred(prm)

    @never_raises("progress of REFER of leg %s", _leg_id)
    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802
        """Tell how our REFER goes, and its end once."""
        self._refer.progressed(prm)

    @never_raises("INVITE with Replaces for leg %s", _leg_id)
    def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802
        """Let another call take this one over (RFC 3891) only where the leg may be."""
        self.succession.asked(prm)

    @never_raises("leg %s was not taken over", _leg_id)
    def onCallReplaced(self, prm: Any) -> None:  # noqa: N802
        """Go on with the call that takes this one over; PJSUA answers it and ends this one."""
        self.succession.replaced(prm)

    def onCallRedirected(self, _: Any) -> int:  # noqa: N802
        """Go nowhere else: a 3xx ends the call, with its own status if no target is left."""
        return int(pj.PJSIP_REDIRECT_REJECT)

    def release(self) -> None:
        """Give back the conference port, and the object; the leg is over."""
        self._media.part()
        if self._has_left:
            leave_slot(self)
        destroy(self)

    def _give_up(self) -> None:
        """End a leg whose answer could not be built: no common codec, no media socket."""
        if self.has_ended:
            return
        try:
            self.hangup(operation(500, "", ()))
        except pj.Error:
            self._end(CANNOT, "Server Internal Error")

    def _disconnected(self, info: Any, text: str) -> None:
        """Tell who ended it: a refusal of an INVITE that came, and a lost call, are PJSIP's."""
        status = int(info.lastStatusCode)
        elsewhere = self.next_server if self.progress.is_unheard else None
        if elsewhere is not None and elsewhere.takes(self, status, retry_after_s(text)):
            self.progress.is_over = True
            self._on_gone(self)
            return
        end = self.progress.ended(status, is_incoming=info.role == pj.PJSIP_ROLE_UAS)
        self._end(end, said(info.lastReason), reason_header(text))

    def _end(self, end: LegEnd, reason: str, of_peer: str = "") -> None:
        if self.has_ended:
            return
        self.progress.is_over = True
        by_peer = end.is_by_peer and not self._media.fault
        if not self.succession.ended(by_us=not by_peer):
            fault = self._encryption.fault or self._media.fault
            told = Disconnected(end.status, fault or reason, by_peer, of_peer, bool(fault))
            self.leg.tell(told)
        self._on_gone(self)
