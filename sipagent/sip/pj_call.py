"""PjCall: the PJSIP side of a leg; every method runs on the PJSIP thread.

Callbacks only tell the leg what happened, and never raise: an exception would end up in C++. Media
alone is joined in its own callback, both ways, so that the caller is heard from the first packet.

PJSUA follows every REFER and lets every INVITE with Replaces take a call over unless a callback
says no: here one says no unless the leg may go on elsewhere.

Owns the ``pj.Call`` and, in ``leg_media``, a conference port; both are given back after the
disconnect, never left to the garbage collector, which may run on a thread PJLIB does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from .call import SipCall
from .dtls_calls import DialogKey
from .events import (
    Confirmed,
    Disconnected,
    KeyWay,
    Progressed,
    ReferProgressed,
    ReferRequested,
)
from .headers import reason_header
from .leg_encryption import EncryptionCommand, EndForFault, LegEncryption, TellConfirmed
from .leg_keys import LegKeys
from .leg_media import LegMedia, MediaSources
from .missing_ack import MissingAck
from .next_server import NextServer
from .other_methods import status_in_dialog
from .own_hold import GLARE
from .own_refer import OwnRefer
from .pj_requests import answer_in_dialog
from .pj_values import operation, received, said
from .pjlib import pj
from .refer import refer_target
from .registration import retry_after_s
from .succession import Succession, Successors

log = logging.getLogger(__name__)

WITH_MEDIA = frozenset({183, 200})
"""Responses that carry our answer, if it was not sent before."""

OK, ACCEPTED, FORBIDDEN, DECLINED, CANCELLED = 200, 202, 403, 603, 487

CHALLENGES = frozenset({401, 407})
"""Answered by PJSUA with another request, if the account has a password."""


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
        self.succession = Succession(self, succeeds.later)
        self._media = LegMedia(self, media)
        self._keys = LegKeys(self)
        self._on_gone, self._succeeds = on_gone, succeeds
        self._we_ended = False
        self._encryption = LegEncryption()
        self._was_confirmed = False
        self._goes_on = False
        """Whether its leg was another call's, which had been answered."""
        self._own_refer = OwnRefer()
        self._replacing = ("", "")
        self._missing_ack = MissingAck()
        self._was_heard = False
        """Whether anything came back of it but 100."""
        self.next_server: NextServer | None = None
        """Where else a call of ours may go whose server fails."""
        self.has_ended = False
        """Whether ``on_gone`` was called."""

    def send_answer(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Answer the INVITE."""
        if self.has_ended:
            return
        self._we_ended = self._we_ended or status >= 300
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
        self._we_ended = True
        if self.has_ended:
            return
        try:
            self.hangup(operation(unanswered, "", headers))
        except pj.Error as error:
            log.debug("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)

    def give_up_dialling(self) -> None:
        """End a leg that PJSUA was to dial and could not."""
        self._we_ended = True
        self._end(500, "the call could not be made")

    def send_dtmf(self, digits: str, way: KeyWay) -> None:
        """Send keys of ours."""
        self._keys.send(digits, way)

    def send_refer(self, refer_to: str) -> None:
        """Ask the peer to call somebody else; an answer of ours stands in where none can come."""
        self._refer(lambda: self.xfer(refer_to, operation(0, "", ())))

    def send_replaces(self, other: PjCall) -> None:
        """Ask the peer to take ``other`` over (RFC 3891), whose peer it shall talk to."""
        self._refer(lambda: self.xferReplaces(other, operation(0, "", ())))

    def _refer(self, send: Callable[[], None]) -> None:
        refusal = self._own_refer.refusal(is_confirmed=self._was_confirmed)
        if refusal is not None:
            self.leg.tell(refusal)
            return
        try:
            send()
            self._own_refer.sent()
        except pj.Error as error:
            log.warning("leg %s ! no REFER sent: %s", self.leg.invite.sip_call_id, error.reason)
            self.leg.tell(ReferProgressed(500, is_final=True))

    def send_offer(self, *, is_hold: bool) -> None:
        """Send a re-INVITE that asks the peer to wait, or to talk again (RFC 3264 section 8.4)."""
        if not self._was_confirmed or self.has_ended:
            self.leg.offer_answered(481)
            return
        parameters = operation(0, "", ())
        try:
            if is_hold:
                self.setHold(parameters)
            else:
                parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
                self.reinvite(parameters)
        except pj.Error as error:  # an offer of the peer's is under way
            log.info("leg %s ! no re-INVITE sent: %s", self.leg.invite.sip_call_id, error.reason)
            self.leg.offer_answered(GLARE)

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
        self._media.measure()

    def has_dialog(self, key: DialogKey) -> bool:
        """Tell whether this is the call of a dialog."""
        return self._media.is_of(key)

    def media_keyed(self) -> None:
        """Go on with what waited for keys: before, nobody would have been heard."""
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

    def onCallState(self, prm: Any) -> None:  # noqa: N802
        """Tell the loop what became of the leg."""
        try:
            event = prm.e  # kept: its members are views of it
            info = self.getInfo()
            if info.state == pj.PJSIP_INV_STATE_CONFIRMED and not self._was_confirmed:
                self._was_confirmed = True
                if not self.succession.answered() and not self._goes_on:
                    waits = self._media.awaits_keys
                    self._carry_out(self._encryption.confirmed(awaits_keys=waits))
            elif info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
                self._was_heard = True
                if not self._goes_on:
                    self.leg.tell(Progressed(info.lastStatusCode))
            elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                self.measure()
                self._disconnected(info, received(event))
        except Exception:
            log.exception("! state of leg %s", self.leg.invite.sip_call_id)

    def onCallTsxState(self, prm: Any) -> None:  # noqa: N802
        """Answer OPTIONS and INFO in the dialog, note how our REFER was; PJSUA does the rest."""
        try:
            event = prm.e  # kept: its members are views of it
            state = event.body.tsxState
            is_new = state.tsx.state == pj.PJSIP_TSX_STATE_TRYING
            if is_new and state.tsx.role == pj.PJSIP_ROLE_UAS:
                self._answer_in_dialog(str(state.tsx.method), state)
            elif state.tsx.role == pj.PJSIP_ROLE_UAS:
                self._is_over(state.tsx)
            elif state.tsx.role == pj.PJSIP_ROLE_UAC and self._was_confirmed:
                self._answered(str(state.tsx.method), int(state.tsx.statusCode))
        except Exception:
            log.exception("! transaction of leg %s", self.leg.invite.sip_call_id)

    def onCallSdpCreated(self, prm: Any) -> None:  # noqa: N802
        """Offer and answer as the plan wants it."""
        try:
            self._media.describe(prm.sdp, str(prm.remSdp.wholeSdp))
        except Exception:
            log.exception("! session description of leg %s", self.leg.invite.sip_call_id)

    def onCallMediaState(self, _: Any) -> None:  # noqa: N802
        """Join the leg's audio with its media port."""
        try:
            self._media.changed()
        except Exception:
            log.exception("! media of leg %s", self.leg.invite.sip_call_id)

    def onStreamDestroyed(self, _: Any) -> None:  # noqa: N802
        """Read the figures while they are there."""
        self.measure()

    def onDtmfEvent(self, prm: Any) -> None:  # noqa: N802
        """Tell of a key."""
        try:
            self._keys.reported(prm)
        except Exception:
            log.exception("! digit of leg %s", self.leg.invite.sip_call_id)

    def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802
        """Refuse a REFER, or have PJSUA dial its target on a leg of ours."""
        prm.statusCode = DECLINED
        try:
            target_uri = refer_target(str(prm.dstUri))
            may_follow = bool(target_uri) and self._was_confirmed and not self._we_ended
            successor = self._succeeds.referred(self, target_uri) if may_follow else None
            if successor is None:
                self.leg.tell(ReferRequested(target_uri))
                return
            prm.newCall = successor  # without one, PJSUA has two calls share this object
            prm.statusCode = ACCEPTED
        except Exception:
            log.exception("! REFER to leg %s", self.leg.invite.sip_call_id)

    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802
        """Tell how our REFER goes, and its end once."""
        try:
            is_final = bool(prm.finalNotify)
            told = self._own_refer.progressed(int(prm.statusCode), is_final=is_final)
            prm.cont = not told.is_final
            self.leg.tell(told)
        except Exception:
            log.exception("! progress of REFER of leg %s", self.leg.invite.sip_call_id)

    def onCallReplaceRequest(self, prm: Any) -> None:  # noqa: N802
        """Let another call take this one over (RFC 3891) only where the leg may be."""
        prm.statusCode = FORBIDDEN
        try:
            if self.leg.accepts_replaces and self._was_confirmed and not self._we_ended:
                self._replacing = (str(prm.rdata.wholeMsg), str(prm.rdata.srcAddress))
                prm.statusCode = OK
        except Exception:
            log.exception("! INVITE with Replaces for leg %s", self.leg.invite.sip_call_id)

    def onCallReplaced(self, prm: Any) -> None:  # noqa: N802
        """Go on with the call that takes this one over; PJSUA answers it and ends this one."""
        try:
            prm.newCall = self._succeeds.replaced(self, int(prm.newCallId), *self._replacing)
        except Exception:
            log.exception("! leg %s was not taken over", self.leg.invite.sip_call_id)

    def onCallRedirected(self, _: Any) -> int:  # noqa: N802
        """Go nowhere else: a 3xx ends the call, with its own status if no target is left."""
        return int(pj.PJSIP_REDIRECT_REJECT)

    def part(self) -> None:
        """Give back the conference port; the leg is over."""
        self._media.part()

    def _answer_in_dialog(self, method: str, state: Any) -> None:
        """Answer what PJSUA leaves to PJSIP, which would say 500."""
        transaction, rdata = int(state.tsx.pjTransaction), state.src.rdata
        refers = self._own_refer.is_under_way
        if method == "INVITE":
            self._missing_ack.invited(str(rdata.wholeMsg))
        elif method == "OPTIONS":
            answer_in_dialog(transaction, int(rdata.pjRxData))
        elif method == "INFO":
            self._keys.answer_info(transaction, rdata)
        elif status := status_in_dialog(method, str(rdata.wholeMsg), refers=refers):
            answer_in_dialog(transaction, int(rdata.pjRxData), status)

    def _is_over(self, transaction: Any) -> None:
        """End a call that a re-INVITE has left without an agreement."""
        is_invite = str(transaction.method) == "INVITE" and self._was_confirmed
        is_done = transaction.state == pj.PJSIP_TSX_STATE_TERMINATED
        if is_invite and is_done and self._missing_ack.ends_call(int(transaction.statusCode)):
            log.warning("leg %s ! no ACK came", self.leg.invite.sip_call_id)
            reason = ("Reason", 'SIP;cause=408;text="No ACK"')
            self._succeeds.later(lambda: self.send_bye([reason]))

    def _answered(self, method: str, status: int) -> None:
        """Note how a request of ours inside the dialog was answered."""
        if method == "REFER":
            self._own_refer.answered(status)
        elif method == "INFO":
            self._keys.info_answered(status)
        elif method == "INVITE" and status >= 200 and status not in CHALLENGES:
            self.leg.offer_answered(status)

    def _give_up(self) -> None:
        """End a leg whose answer could not be built: no common codec, no media socket."""
        try:
            self.hangup(operation(500, "", ()))
        except pj.Error:
            self._end(500, "Server Internal Error")

    @property
    def was_given_up(self) -> bool:
        """Tell whether we have ended it."""
        return self._we_ended

    def _disconnected(self, info: Any, text: str) -> None:
        """Tell who ended it: a refusal of an INVITE that came, and a lost call, are PJSIP's."""
        status = int(info.lastStatusCode)
        is_unheard = not (self._was_confirmed or self._was_heard or self._we_ended)
        elsewhere = self.next_server if is_unheard else None
        if elsewhere is not None and elsewhere.takes(self, status, retry_after_s(text)):
            self.has_ended = True
            self._on_gone(self)
            return
        if self._was_confirmed:
            is_lost = status >= 300  # nobody refreshed it, or the peer knows no such dialog
        else:
            # A BYE may come before the ACK, and then there is no failure at all.
            is_lost = info.role == pj.PJSIP_ROLE_UAS and status >= 300 and status != CANCELLED
        told = 200 if self._was_confirmed else status
        self._end(told, said(info.lastReason), reason_header(text), is_lost=is_lost)

    def _end(self, status: int, reason: str, of_peer: str = "", *, is_lost: bool = False) -> None:
        if self.has_ended:
            return
        self.has_ended = True
        by_peer = not (self._we_ended or is_lost or self._media.fault)
        if not self.succession.ended(by_us=not by_peer):
            fault = self._encryption.fault or self._media.fault
            end = Disconnected(status, fault or str(reason), by_peer, of_peer, bool(fault))
            self.leg.tell(end)
        self._on_gone(self)
