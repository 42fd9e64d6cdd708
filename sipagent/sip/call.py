"""SipCall: one leg, from INVITE to BYE.

Thread: the PJSIP thread calls the ``on*`` methods of the ``pj.Call`` and runs the commands; each
callback only posts an event to the loop, except that media is joined in its own callback, so that
no frame is lost. Everything public here is called on the loop and never waits.

Owns the ``pj.Call`` and its ``MediaPort``; both are released after the disconnect, never left to
the garbage collector, which may run on a thread PJLIB does not know.

RFC 3261 sections 13 and 15; DTMF RFC 4733.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from sipagent.errors import InvalidTransition

from .events import (
    Confirmed,
    Disconnected,
    DtmfReceived,
    LineStats,
    MediaFact,
    MediaStarted,
    Progressed,
    SipEvent,
)
from .headers import Invite
from .media_port import MediaPort
from .pjlib import pj
from .port_pool import ConferencePort, PortPool
from .states import LegState, advance
from .thread import PjThread

log = logging.getLogger(__name__)


class SipCall:
    """One leg, seen from the loop.

    Args:
        invite: What the INVITE said; of an outgoing leg, what ours says.
        thread: Owner of every ``pj.*`` object.
        loop: Where events go.
    """

    def __init__(self, invite: Invite, thread: PjThread, loop: asyncio.AbstractEventLoop) -> None:
        self.invite = invite
        self.events: asyncio.Queue[SipEvent | MediaFact] = asyncio.Queue()
        self.media: MediaPort | None = None
        self.state = LegState.RINGING
        self._thread, self._loop = thread, loop
        self._peer: PjCall | None = None
        self._stats = LineStats()

    def progress(self, status: int = 180) -> None:
        """Send a provisional response."""
        self._post(lambda peer: peer.send_answer(status))

    def answer(self) -> None:
        """Send 200 with our SDP."""
        self._post(lambda peer: peer.send_answer(200))

    def reject(self, status: int, reason: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Send a final failure response."""
        self._post(lambda peer: peer.send_answer(status, reason, headers))

    def hang_up(self, reason_header: str = "") -> None:
        """End the leg: BYE, CANCEL or 603, as its state asks; with a Reason header (RFC 3326)."""
        headers = [("Reason", reason_header)] if reason_header else []
        self._post(lambda peer: peer.send_bye(headers))

    def stats(self) -> LineStats:
        """Return the last media figures; refreshed when media or the leg ends."""
        return self._stats

    def refresh_stats(self) -> None:
        """Ask for new figures; :meth:`stats` has them soon."""
        self._post(lambda peer: peer.measure())

    def attach(self, peer: PjCall) -> None:
        """Join the PJSIP side; PJSIP thread."""
        self._peer = peer

    def release(self) -> None:
        """Forget the PJSIP side; PJSIP thread."""
        self._peer = None

    def tell(self, event: SipEvent | MediaFact) -> None:
        """Post an event to the loop; any thread."""
        try:
            self._loop.call_soon_threadsafe(self._take, event)
        except RuntimeError:  # the loop is closed: the process is ending
            pass

    def new_media(self, rate_hz: int) -> MediaPort:
        """Make the leg's media port; PJSIP thread."""
        self.media = MediaPort(rate_hz, self._loop, self.events.put_nowait)
        return self.media

    def remember(self, stats: LineStats) -> None:
        """Keep figures; PJSIP thread."""
        self._stats = stats

    def _take(self, event: SipEvent | MediaFact) -> None:
        match event:
            case Progressed() | Confirmed() | Disconnected():
                try:
                    self.state = advance(self.state, event)
                except InvalidTransition as error:
                    log.error("leg %s ! %s", self.invite.sip_call_id, error)
                    return
            case _:
                pass
        if isinstance(event, Disconnected) and self.media is not None:
            self.media.close()
        self.events.put_nowait(event)

    def _post(self, command: Callable[[PjCall], None]) -> None:
        def run() -> None:
            if self._peer is not None:
                command(self._peer)

        self._thread.post(run)


class PjCall(pj.Call):  # type: ignore[misc]
    """The PJSIP side of a leg; every method runs on the PJSIP thread.

    Args:
        account: Of the endpoint.
        pj_call_id: PJSIP's number of the call, or ``pj.PJSUA_INVALID_ID`` for an outgoing one.
        leg: The loop's side.
        ports: Where its conference port comes from.
        on_gone: Called once the leg is disconnected.
    """

    def __init__(
        self,
        account: Any,
        pj_call_id: int,
        leg: SipCall,
        ports: PortPool,
        on_gone: Callable[[PjCall], None],
    ) -> None:
        super().__init__(account, pj_call_id)
        self.leg = leg
        self._ports, self._on_gone = ports, on_gone
        self._port: ConferencePort | None = None
        self._audio: Any = None
        self._we_ended = False
        self._was_confirmed = False

    def send_answer(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Answer the INVITE."""
        self._we_ended = self._we_ended or status >= 300
        try:
            self.answer(operation(status, reason, headers))
        except pj.Error as error:
            log.warning("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)
            if status >= 200:
                self._give_up()

    def send_bye(self, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Hang up."""
        self._we_ended = True
        try:
            self.hangup(operation(0, "", headers))
        except pj.Error as error:
            log.debug("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)

    def measure(self) -> None:
        """Read the media figures, if there is a stream."""
        try:
            index = self._audio_index()
            if index is not None:
                self.leg.remember(_line_stats(self.getStreamStat(index)))
        except pj.Error:
            pass  # the stream is gone; the last figures stand

    def onCallState(self, _: Any) -> None:  # noqa: N802
        """Tell the loop what became of the leg."""
        try:
            info = self.getInfo()
            if info.state == pj.PJSIP_INV_STATE_CONFIRMED and not self._was_confirmed:
                self._was_confirmed = True
                self.leg.tell(Confirmed())
            elif info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
                self.leg.tell(Progressed(info.lastStatusCode))
            elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                self.measure()
                status = 200 if self._was_confirmed else info.lastStatusCode
                self._end(status, info.lastReason)
        except Exception:
            log.exception("! state of leg %s", self.leg.invite.sip_call_id)

    def onCallMediaState(self, _: Any) -> None:  # noqa: N802
        """Join the leg's audio with its media port, both ways."""
        try:
            index = self._audio_index()
            if index is not None:
                self._join(index)
        except Exception:
            log.exception("! media of leg %s", self.leg.invite.sip_call_id)

    def onStreamDestroyed(self, _: Any) -> None:  # noqa: N802
        """Read the figures while they are there."""
        self.measure()

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802
        """Tell of a digit."""
        self.leg.tell(DtmfReceived(str(prm.digit), int(prm.duration)))

    def part(self) -> None:
        """Give back the conference port; the leg is over."""
        if self._port is not None:
            for source, sink in ((self._audio, self._port), (self._port, self._audio)):
                try:
                    source.stopTransmit(sink)
                except pj.Error:
                    pass  # the stream left the conference by itself
            self._ports.give_back(self._port)
            self._port = None
        self._audio = None

    def _audio_index(self) -> int | None:
        info = self.getInfo()  # kept: its members are views of it, dangling once it is freed
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status in {
                pj.PJSUA_CALL_MEDIA_ACTIVE,
                pj.PJSUA_CALL_MEDIA_REMOTE_HOLD,
            }:
                return int(media.index)
        return None

    def _join(self, index: int) -> None:
        stream = self.getStreamInfo(index)
        rate_hz = 16_000 if stream.codecClockRate > 8_000 else 8_000
        if self._port is None:
            self._port = self._ports.borrow(self.leg.new_media(rate_hz))
        self._audio = self.getAudioMedia(index)
        self._audio.startTransmit(self._port)
        self._port.startTransmit(self._audio)
        self.leg.tell(MediaStarted(str(stream.codecName), rate_hz))

    def _give_up(self) -> None:
        """End a leg whose answer could not be built: no common codec, no media socket."""
        try:
            self.hangup(operation(500, "", ()))
        except pj.Error:
            self._end(500, "Server Internal Error")

    def _end(self, status: int, reason: str) -> None:
        self.leg.tell(Disconnected(int(status), str(reason), not self._we_ended))
        self._on_gone(self)


def operation(status: int, reason: str, headers: Sequence[tuple[str, str]]) -> Any:
    """Return the parameters of a call operation."""
    parameters = pj.CallOpParam(True)
    parameters.statusCode = status
    parameters.reason = reason
    for name, value in headers:
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        parameters.txOption.headers.append(header)
    return parameters


def _line_stats(stat: Any) -> LineStats:
    rtcp = stat.rtcp
    return LineStats(
        packets_in=int(rtcp.rxStat.pkt),
        packets_out=int(rtcp.txStat.pkt),
        lost_in=int(rtcp.rxStat.loss),
        lost_out=int(rtcp.txStat.loss),
        jitter_ms=rtcp.rxStat.jitterUsec.mean / 1000,
        rtt_ms=rtcp.rttUsec.mean / 1000,
    )
