"""SipCall: one leg, from INVITE to BYE, as the loop sees it.

Thread: everything public is called on the loop and never waits; commands are posted to the PJSIP
thread, where :class:`~sipagent.sip.pj_call.PjCall` carries them out and tells what happened.

RFC 3261 sections 13 and 15; hold RFC 3264; DTMF RFC 4733; transfer RFC 3515.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from sipagent.errors import InvalidTransition

from .events import (
    Confirmed,
    Disconnected,
    KeyWay,
    LineStats,
    MediaFact,
    Progressed,
    ReferProgressed,
    SipEvent,
)
from .headers import Invite, awaits_our_offer
from .line import LineWishes
from .media_port import MediaPort
from .own_hold import HoldCommand, OwnHold, SendOffer, TellHold
from .refer import refer_to
from .states import LegState, advance
from .stream_figures import StreamFigures
from .thread import PjThread

if TYPE_CHECKING:
    from .pj_call import PjCall

T = TypeVar("T")

log = logging.getLogger(__name__)

EARLY_MEDIA = 183


class SipCall:
    """One leg.

    Args:
        invite: What the INVITE said; of an outgoing leg, what ours says.
        thread: Owner of every ``pj.*`` object.
        loop: Where events go.
    """

    def __init__(self, invite: Invite, thread: PjThread, loop: asyncio.AbstractEventLoop) -> None:
        self.invite = invite
        self.events: asyncio.Queue[SipEvent | MediaFact] = asyncio.Queue()
        """What happened, in order; ``Disconnected`` is always the last."""
        self.media: MediaPort | None = None
        """There once ``MediaStarted`` was told, and the same until the end."""
        self.accepts_replaces = False
        """Whether an INVITE with Replaces (RFC 3891) may take the leg over; it goes on as it is."""
        self.follows: Callable[[str], bool] = lambda target_uri: False
        """Whether a REFER to a URI (RFC 3515) is obeyed, this leg going on there; PJSIP thread."""
        self.wishes = LineWishes()
        """Of the plan; they count from the next offer or answer on."""
        self.state = LegState.RINGING
        self._thread, self._loop = thread, loop
        self._peer: PjCall | None = None
        self._stats, self._streams = LineStats(), StreamFigures()
        # An INVITE that came has a source, one of ours has none: its Call-ID is our choice.
        self._own_hold = OwnHold(not invite.source_address, random.uniform)
        self._retry: asyncio.TimerHandle | None = None

    def progress(self, status: int = 180) -> None:
        """Send a provisional response; 183 carries our SDP and lets early media flow.

        Nothing is sent where one without our SDP would have to carry it (RFC 3262 section 5).
        """
        if status != EARLY_MEDIA and awaits_our_offer(self.invite):
            return
        self._post(lambda peer: peer.send_answer(status))

    def answer(self) -> None:
        """Send 200 with our SDP."""
        self._post(lambda peer: peer.send_answer(200))

    def reject(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Send a final failure response; no reason means the usual one for ``status``.

        302 with a Contact header sends the caller elsewhere (RFC 3261 section 21.3.3).
        """
        self._post(lambda peer: peer.send_answer(status, reason, headers))

    def hang_up(self, reason_header: str = "") -> None:
        """End the leg: BYE, CANCEL or 603, as its state asks; with a Reason header (RFC 3326)."""
        headers = [("Reason", reason_header)] if reason_header else []
        self._post(lambda peer: peer.send_bye(headers))

    def send_dtmf(self, digits: str, way: KeyWay = "rfc4733") -> None:
        """Send DTMF as telephone events (RFC 4733), or each as an INFO (RFC 6086).

        ``DigitsRefused`` tells if that cannot be, or the peer would not have it.
        """
        self._post(lambda peer: peer.send_dtmf(digits, way))

    def refer(self, target_uri: str) -> None:
        """Send REFER (RFC 3515): the peer shall call ``target_uri`` and tell how that goes.

        It comes as ``ReferProgressed``; the leg goes on until somebody ends it.

        Raises:
            SipError: If that is no URI; nothing was sent then.
        """
        header = refer_to(target_uri)
        self._post(lambda peer: peer.send_refer(header))

    def hold(self) -> None:
        """Ask the peer to wait (RFC 3264 section 8.4): it hears what is pushed, and says nothing.

        Comes as ``WeHeld`` or ``HoldRefused``; asked again by itself when offers crossed.
        """
        self._change_hold(self._own_hold.ask(True))

    def resume(self) -> None:
        """Ask the peer to talk again; comes as ``WeResumed`` or ``HoldRefused``."""
        self._change_hold(self._own_hold.ask(False))

    def refer_to_peer_of(self, other: SipCall) -> None:
        """Send REFER: the peer shall take ``other`` over and talk to whom we talk to there.

        Refer-To names that leg's peer and, in Replaces, its dialog (RFC 3891, RFC 5589 section 7).
        How it goes comes as ``ReferProgressed``; 481 at once if ``other`` is gone.
        """

        def send(peer: PjCall) -> None:
            if other._peer is None:
                self.tell(ReferProgressed(481, is_final=True))
            else:
                peer.send_replaces(other._peer)

        self._post(send)

    def stats(self) -> LineStats:
        """Return the last media figures; refreshed when media or the leg ends."""
        return self._stats

    def refresh_stats(self) -> None:
        """Ask for new figures; :meth:`stats` has them soon."""
        self._post(lambda peer: peer.measure())

    def deserted(self) -> SipCall:
        """Return a leg that nobody listens to, for a dialog that lost this one; PJSIP thread."""
        return SipCall(self.invite, self._thread, self._loop)

    def attach(self, peer: PjCall) -> None:
        """Join the PJSIP side; PJSIP thread."""
        self._peer = peer

    def release(self) -> None:
        """Forget the PJSIP side; PJSIP thread."""
        self._peer = None

    def tell(self, event: SipEvent) -> None:
        """Post an event to the loop; any thread."""
        self._to_loop(self._take, event)

    def offer_answered(self, status: int) -> None:
        """Take the final response to a re-INVITE of ours; any thread."""
        self._to_loop(self._offer_answered, status)

    def new_media(self, rate_hz: int) -> MediaPort:
        """Make the leg's media port; PJSIP thread."""
        self.media = MediaPort(rate_hz, self._loop, self._take)
        return self.media

    def remember(self, stats: LineStats) -> None:
        """Keep the figures of the stream there is, with those before it; PJSIP thread."""
        self._stats = self._streams.add(stats)

    def _take(self, event: SipEvent | MediaFact) -> None:
        if self.state is LegState.ENDED:
            return  # the conference clock may still play a frame after the end
        match event:
            case Progressed() | Confirmed() | Disconnected():
                try:
                    self.state = advance(self.state, event)
                except InvalidTransition as error:
                    log.error("leg %s ! %s", self.invite.sip_call_id, error)
                    return
            case _:
                pass
        if isinstance(event, Disconnected):
            self._close()
        self.events.put_nowait(event)

    def _close(self) -> None:
        if self.media is not None:
            self.media.close()
        if self._retry is not None:
            self._retry.cancel()

    def _offer_answered(self, status: int) -> None:
        if self.state is not LegState.ENDED:
            self._change_hold(self._own_hold.answered(status, now=self._loop.time()))

    def _hold_again(self) -> None:
        self._change_hold(self._own_hold.handle_timer(now=self._loop.time()))

    def _change_hold(self, commands: Sequence[HoldCommand]) -> None:
        for command in commands:
            match command:
                case SendOffer(is_hold):
                    self._send_offer(is_hold)
                case TellHold(event):
                    self._take(event)
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        deadline = self._own_hold.deadline()
        if deadline is not None:
            self._retry = self._loop.call_at(deadline, self._hold_again)

    def _send_offer(self, is_hold: bool) -> None:
        self._post(lambda peer: peer.send_offer(is_hold=is_hold))

    def _to_loop(self, callback: Callable[[T], None], argument: T) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:  # the loop is closed: the process is ending
            pass

    def _post(self, command: Callable[[PjCall], None]) -> None:
        def run() -> None:
            if self._peer is not None:
                command(self._peer)

        self._thread.post(run)
