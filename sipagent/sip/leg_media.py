"""The media of a leg, as PJSIP has it; every method runs on the PJSIP thread.

| resource        | acquired                   | released               | on failure              |
|-----------------|----------------------------|------------------------|-------------------------|
| conference port | first media (``PortPool``) | ``part``, leg's end    | the leg has no media    |
| RTP sockets     | first media, once more     | to ``RestingPorts``    | its ports do not rest   |
| stream's audio  | each offer that was agreed | PJSIP's, with its call | ``part`` expects it gone |
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from .events import CodecChanged, Held, MediaStarted, Resumed
from .line import wished
from .packet_time import USUAL_MS, use_packet_time
from .pj_values import audio_media, encryption, line_stats
from .pjlib import pj
from .port_pool import ConferencePort, PortPool
from .resting_ports import RestingPorts, media_sockets

if TYPE_CHECKING:
    from .pj_call import PjCall


class LegMedia:
    """Joins the stream of a leg with its media port.

    Args:
        call: The ``pj.Call``, which owns this.
        ports: Where its conference port comes from.
        resting: Where its RTP ports go.
    """

    def __init__(self, call: PjCall, ports: PortPool, resting: RestingPorts) -> None:
        self._call, self._ports, self._resting = call, ports, resting
        self._sockets: tuple[int, ...] = ()
        self._port: ConferencePort | None = None
        self._audio: Any = None
        self._codec = ""
        self._is_held = False
        self._answer: tuple[str, str] | None = None

    def describe(self, sdp: Any, theirs: str) -> None:
        """Write the wishes of the leg into what PJSIP is about to offer or answer.

        Args:
            sdp: A ``pj.SdpSession``.
            theirs: The offer that is answered, ``""`` if there is none.

        Raises:
            pj.Error: If PJSIP cannot.
        """
        ours = str(sdp.wholeSdp)
        if theirs and self._port is None:
            self._answer = ours, theirs  # made with the INVITE, before anybody could wish
            return
        text = self._wished(ours, theirs)
        if text != ours:
            sdp.wholeSdp = text

    def answer(self) -> str:
        """Return the first answer as the leg wants it, ``""`` where PJSIP's own will do.

        Raises:
            pj.Error: If PJSIP cannot.
        """
        if self._answer is None:
            return ""
        (ours, theirs), self._answer = self._answer, None
        text = self._wished(ours, theirs)
        return text if text != ours else ""

    def changed(self) -> None:
        """Join what an offer and its answer agreed on, and tell what is new.

        Raises:
            pj.Error: If PJSIP cannot.
        """
        use_packet_time(USUAL_MS)  # the stream is made: what this call wants is nobody else's
        info = self._call.getInfo()  # kept: its members are views of it, dangling once it is freed
        media = audio_media(info)
        if media is not None and not self._call.succession.awaits_leg:
            self._join(media)

    def take_over(self, old: LegMedia) -> None:
        """Go on with the port of a leg's old call, which is over, or will be soon.

        Raises:
            pj.Error: If PJSIP cannot.
        """
        self._port, self._codec, self._is_held = old._port, old._codec, old._is_held
        old.detach()
        self.changed()

    def measure(self) -> None:
        """Read the media figures, if there is a stream."""
        try:
            info = self._call.getInfo()
            media = audio_media(info)
            if media is not None:
                stat = self._call.getStreamStat(media.index)
                transport = self._call.getMedTransportInfo(media.index)
                stream = self._call.getStreamInfo(media.index)
                self._call.leg.remember(line_stats(stat, transport, stream))
        except pj.Error:
            pass  # the stream is gone; the last figures stand

    def part(self) -> None:
        """Give back the conference port; the leg is over."""
        port = self._port
        self.detach()
        if port is not None:
            self._ports.give_back(port)
        self._resting.rest(self._sockets, now=monotonic())
        self._sockets = ()

    def detach(self) -> None:
        """Let the port neither hear nor play the stream; it is somebody else's."""
        if self._port is not None and self._audio is not None:
            for source, sink in ((self._audio, self._port), (self._port, self._audio)):
                try:
                    source.stopTransmit(sink)
                except pj.Error:
                    pass  # the stream left the conference by itself
        self._port = self._audio = None

    def _wished(self, ours: str, theirs: str) -> str:
        wishes = self._call.leg.wishes
        if theirs:
            use_packet_time(wishes.ptime_ms or USUAL_MS)
        return wished(ours, theirs, wishes)

    def _join(self, media: Any) -> None:
        stream = self._call.getStreamInfo(media.index)
        codec, is_first = str(stream.codecName), self._port is None
        if self._port is None:
            rate_hz = 16_000 if stream.codecClockRate > 8_000 else 8_000
            self._port = self._ports.borrow(self._call.leg.new_media(rate_hz))
        if not self._sockets:
            self._sockets = media_sockets(self._call.getId(), media.index)
        self._audio = self._call.getAudioMedia(media.index)
        self._audio.startTransmit(self._port)
        is_heard = bool(media.dir & pj.PJMEDIA_DIR_ENCODING)
        if is_heard:
            self._port.startTransmit(self._audio)
        elif not is_first:
            self._port.stopTransmit(self._audio)  # what is queued waits for the caller's return
        if is_first:
            srtp = encryption(self._call.dump(True, ""), stream.proto)
            self._call.leg.tell(MediaStarted(codec, self._port.rate_hz, srtp))
        elif codec != self._codec:
            self._call.leg.tell(CodecChanged(codec))
        if is_heard is self._is_held:
            self._is_held = not is_heard
            self._call.leg.tell(Held() if self._is_held else Resumed())
        self._codec = codec
