"""The media of a leg, as PJSIP has it; every method runs on the PJSIP thread.

| resource        | acquired                   | released               | on failure              |
|-----------------|----------------------------|------------------------|-------------------------|
| conference port | first media (``PortPool``) | ``part``, leg's end    | the leg has no media    |
| RTP sockets     | first media, once more     | to ``RestingPorts``    | its ports do not rest   |
| relay's sockets | see ``DtlsCalls``          | to ``RestingPorts``    | the same                |
| stream's audio  | each offer that was agreed | PJSIP's, with its call | ``part`` expects it gone |
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from .dtls_calls import DialogKey, DtlsCalls
from .events import CodecChanged, Held, MediaStarted, Resumed
from .line import wished
from .packet_time import USUAL_MS, use_packet_time
from .pj_values import audio_media, encryption, line_stats
from .pjlib import pj
from .port_pool import ConferencePort, PortPool
from .resting_ports import RestingPorts, media_sockets

if TYPE_CHECKING:
    from .pj_call import PjCall


@dataclass(frozen=True, slots=True)
class MediaSources:
    """What legs have their media from."""

    ports: PortPool
    """Where conference ports come from."""
    resting: RestingPorts
    """Where RTP ports go."""
    relayed: DtlsCalls
    """Who relays what is encrypted by DTLS."""


class LegMedia:
    """Joins the stream of a leg with its media port.

    Args:
        call: The ``pj.Call``, which owns this.
        sources: Where what it needs comes from.
    """

    def __init__(self, call: PjCall, sources: MediaSources) -> None:
        self._call, self._sources = call, sources
        self.key: DialogKey = ("", False)
        """Of its dialog, once it is known."""
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
        self._look()
        ours = str(sdp.wholeSdp)
        if theirs and self._port is None:
            self._answer = ours, theirs  # made with the INVITE, before anybody could wish
            return
        text = self._wished(ours, theirs)
        if text != ours:
            sdp.wholeSdp = text

    def is_of(self, key: DialogKey) -> bool:
        """Tell whether this is the media of a dialog, or will be: an offer may come late."""
        if not self.key[0] and not self._call.has_ended:
            try:
                self._look()
            except pj.Error:
                pass  # it is over, and never had any
        return self.key == key

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
        waits = self._call.succession.awaits_leg or (self._port is None and self.awaits_keys)
        if media is not None and not waits:
            self._join(media)
            self.measure()  # while it is young: how a stream that follows another is known

    def take_over(self, old: LegMedia) -> None:
        """Go on with the port of a leg's old call, which is over, or will be soon.

        Raises:
            pj.Error: If PJSIP cannot.
        """
        self._port, self._codec, self._is_held = old._port, old._codec, old._is_held
        old.detach()
        self.changed()

    @property
    def awaits_keys(self) -> bool:
        """Tell whether a handshake is under way before anything can be heard."""
        return self._sources.relayed.awaits_keys(self.key)

    @property
    def fault(self) -> str:
        """Why there can be no media; ``""``: there can."""
        return self._sources.relayed.fault_of(self.key)

    def measure(self) -> None:
        """Read the media figures, if there is a stream."""
        try:
            info = self._call.getInfo()
            media = audio_media(info)
            if media is not None:
                stat = self._call.getStreamStat(media.index)
                transport = self._call.getMedTransportInfo(media.index)
                stream = self._call.getStreamInfo(media.index)
                stats = line_stats(stat, transport, stream)
                if (relay := self._sources.relayed.of(self.key)) is not None:
                    stats = replace(stats, rtp_source=relay.source, rtp_target=relay.target)
                self._call.leg.remember(stats)
        except pj.Error:
            pass  # the stream is gone; the last figures stand

    def part(self) -> None:
        """Give back the conference port; the leg is over."""
        port = self._port
        self.detach()
        if port is not None:
            self._sources.ports.give_back(port)
        resting = self._sockets
        if relayed := self._sources.relayed.end(self.key):
            for handle in self._sockets:  # only the relay was heard there
                os.close(handle)
            resting = relayed
        self._sources.resting.rest(resting, now=monotonic())
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

    def _look(self) -> None:
        info = self._call.getInfo()
        self.key = str(info.callIdString), info.role == pj.PJSIP_ROLE_UAC

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
            self._port = self._sources.ports.borrow(self._call.leg.new_media(rate_hz))
        relay = self._sources.relayed.of(self.key)
        if relay is not None or not self._sockets:
            before, self._sockets = self._sockets, media_sockets(self._call.getId(), media.index)
            for handle in before:
                os.close(handle)
        if relay is not None:
            relay.guard(self._sockets)  # each time: PJSIP may have others by now
        self._audio = self._call.getAudioMedia(media.index)
        self._audio.startTransmit(self._port)
        is_heard = bool(media.dir & pj.PJMEDIA_DIR_ENCODING)
        if is_heard:
            self._port.startTransmit(self._audio)
        elif not is_first:
            self._port.stopTransmit(self._audio)  # what is queued waits for the caller's return
        if is_first:
            srtp = encryption(self._call.dump(True, ""))
            if self._sources.relayed.is_keyed_by_dtls(self.key):
                srtp = "DTLS"
            self._call.leg.tell(MediaStarted(codec, self._port.rate_hz, srtp))
        elif codec != self._codec:
            self._call.leg.tell(CodecChanged(codec))
        if is_heard is self._is_held:
            self._is_held = not is_heard
            self._call.leg.tell(Held() if self._is_held else Resumed())
        self._codec = codec
