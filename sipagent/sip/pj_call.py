"""PjCall: the PJSIP side of a leg; every method runs on the PJSIP thread.

Callbacks only tell the leg what happened, and never raise: an exception would end up in C++. Media
alone is joined in its own callback, both ways, so that the caller is heard from the first packet.

Owns the ``pj.Call`` and lends the leg a conference port; both are given back after the disconnect,
never left to the garbage collector, which may run on a thread PJLIB does not know.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import Any

from .call import SipCall
from .events import (
    CodecChanged,
    Confirmed,
    Disconnected,
    DtmfReceived,
    Held,
    LineStats,
    MediaStarted,
    Progressed,
    Resumed,
)
from .options import answer_in_dialog
from .pjlib import pj
from .port_pool import ConferencePort, PortPool

log = logging.getLogger(__name__)

DTMF_IS_UPDATE = 1
"""PJMEDIA_STREAM_DTMF_IS_UPDATE, which the binding does not export."""

LONGEST_DIGIT_MS = 60_000
"""PJSIP says 2^32 - 1 when it does not know how long a digit was."""

_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")


class PjCall(pj.Call):  # type: ignore[misc]
    """One ``pj.Call``.

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
        self._codec = ""
        self._is_held = False
        self._we_ended = False
        self._was_confirmed = False
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
            self.answer(operation(status, reason, headers))
        except pj.Error as error:
            log.warning("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)
            if status >= 200:
                self._give_up()

    def send_bye(self, headers: Sequence[tuple[str, str]] = (), *, unanswered: int = 0) -> None:
        """Hang up; a leg that we have not answered is refused with ``unanswered``, or 603."""
        if self.has_ended:
            return
        self._we_ended = True
        try:
            self.hangup(operation(unanswered, "", headers))
        except pj.Error as error:
            log.debug("leg %s ! %s", self.leg.invite.sip_call_id, error.reason)

    def send_digits(self, digits: str) -> None:
        """Send telephone events."""
        try:
            self.dialDtmf(digits)
        except pj.Error as error:
            log.warning("leg %s ! no digits sent: %s", self.leg.invite.sip_call_id, error.reason)

    def measure(self) -> None:
        """Read the media figures, if there is a stream."""
        try:
            info = self.getInfo()
            media = _audio_media(info)
            if media is not None:
                self.leg.remember(_line_stats(self.getStreamStat(media.index)))
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

    def onCallTsxState(self, prm: Any) -> None:  # noqa: N802
        """Answer OPTIONS inside the dialog; everything else PJSUA does."""
        try:
            event = prm.e  # kept: its members are views of it
            state = event.body.tsxState
            if state.tsx.method == "OPTIONS" and state.tsx.state == pj.PJSIP_TSX_STATE_TRYING:
                answer_in_dialog(int(state.tsx.pjTransaction), int(state.src.rdata.pjRxData))
        except Exception:
            log.exception("! transaction of leg %s", self.leg.invite.sip_call_id)

    def onCallMediaState(self, _: Any) -> None:  # noqa: N802
        """Join the leg's audio with its media port."""
        try:
            info = self.getInfo()  # kept: its members are views of it, dangling once it is freed
            media = _audio_media(info)
            if media is not None:
                self._join(media)
        except Exception:
            log.exception("! media of leg %s", self.leg.invite.sip_call_id)

    def onStreamDestroyed(self, _: Any) -> None:  # noqa: N802
        """Read the figures while they are there."""
        self.measure()

    def onDtmfEvent(self, prm: Any) -> None:  # noqa: N802
        """Tell of a digit when it begins; its later reports add nothing."""
        try:
            if prm.flags & DTMF_IS_UPDATE:
                return
            duration_ms = int(prm.duration)
            method = "info" if prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO else "rfc4733"
            known_ms = duration_ms if duration_ms < LONGEST_DIGIT_MS else 0
            self.leg.tell(DtmfReceived(str(prm.digit), known_ms, method))
        except Exception:
            log.exception("! digit of leg %s", self.leg.invite.sip_call_id)

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

    def _join(self, media: Any) -> None:
        stream = self.getStreamInfo(media.index)
        codec, is_first = str(stream.codecName), self._port is None
        if self._port is None:
            rate_hz = 16_000 if stream.codecClockRate > 8_000 else 8_000
            self._port = self._ports.borrow(self.leg.new_media(rate_hz))
        self._audio = self.getAudioMedia(media.index)
        self._audio.startTransmit(self._port)
        is_heard = bool(media.dir & pj.PJMEDIA_DIR_ENCODING)
        if is_heard:
            self._port.startTransmit(self._audio)
        elif not is_first:
            self._port.stopTransmit(self._audio)  # what is queued waits for the caller's return
        if is_first:
            self.leg.tell(MediaStarted(codec, self._port.rate_hz))
        elif codec != self._codec:
            self.leg.tell(CodecChanged(codec))
        if is_heard is self._is_held:
            self._is_held = not is_heard
            self.leg.tell(Held() if self._is_held else Resumed())
        self._codec = codec

    def _give_up(self) -> None:
        """End a leg whose answer could not be built: no common codec, no media socket."""
        try:
            self.hangup(operation(500, "", ()))
        except pj.Error:
            self._end(500, "Server Internal Error")

    def _end(self, status: int, reason: str) -> None:
        if self.has_ended:
            return
        self.has_ended = True
        self.leg.tell(Disconnected(int(status), str(reason), not self._we_ended))
        self._on_gone(self)


def operation(status: int, reason: str, headers: Sequence[tuple[str, str]]) -> Any:
    """Return the parameters of a call operation; line breaks in values would be new headers."""
    parameters = pj.CallOpParam(True)
    parameters.statusCode = status
    parameters.reason = _LINE_BREAKS.sub(" ", reason)
    for name, value in headers:
        header = pj.SipHeader()
        header.hName, header.hValue = name, _LINE_BREAKS.sub(" ", value)
        parameters.txOption.headers.append(header)
    return parameters


def _audio_media(info: Any) -> Any:
    """Return the audio stream in the conference, on hold or not; a view of ``info``."""
    for media in info.media:
        is_streaming = media.status not in {pj.PJSUA_CALL_MEDIA_NONE, pj.PJSUA_CALL_MEDIA_ERROR}
        if media.type == pj.PJMEDIA_TYPE_AUDIO and is_streaming:
            return media
    return None


def _line_stats(stat: Any) -> LineStats:
    rtcp = stat.rtcp
    return LineStats(
        packets_in=int(rtcp.rxStat.pkt),
        packets_out=int(rtcp.txStat.pkt),
        lost_in=int(rtcp.rxStat.loss),
        lost_out=int(rtcp.txStat.loss),
        discarded_in=int(rtcp.rxStat.discard) + int(stat.jbuf.discard),
        jitter_ms=rtcp.rxStat.jitterUsec.mean / 1000,
        rtt_ms=rtcp.rttUsec.mean / 1000,
        jitter_buffer_ms=int(stat.jbuf.avgDelayMsec),
    )
