"""Media ports of the conference, made once and lent to legs.

A port that PJSIP's clock may still call must not be destroyed. Ports are therefore never freed
before the endpoint is: a leg borrows one of its rate and gives it back.

Thread: the PJSIP thread borrows and returns; the conference clock calls the frame methods.
"""

from __future__ import annotations

import logging
from typing import Any

from sipagent.audio.frames import FRAME_MS, silence

from . import frame_memory
from .media_port import MediaPort
from .pjlib import destroy, pj

log = logging.getLogger(__name__)


class ConferencePort(pj.AudioMediaPort):  # type: ignore[misc]
    """One port of the conference; silent and deaf while no leg has it.

    Args:
        name: For PJSIP's own listing.
        rate_hz: Of its frames.
    """

    def __init__(self, name: str, rate_hz: int) -> None:
        super().__init__()
        self.rate_hz = rate_hz
        self.media: MediaPort | None = None
        self._silence = silence(rate_hz * FRAME_MS // 1000)
        audio = pj.MediaFormatAudio()
        audio.init(pj.PJMEDIA_FORMAT_PCM, rate_hz, 1, FRAME_MS * 1000, 16)
        self.createPort(name, audio)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802
        """Hand the next outbound frame to the conference."""
        media = self.media
        try:
            frame_memory.write(frame.buf, self._silence if media is None else media.take_outbound())
            frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        except Exception:
            log.exception("! no outbound frame")

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802
        """Take an inbound frame from the conference."""
        media = self.media
        if media is None:
            return
        try:
            pcm = frame_memory.read(frame.buf)
            media.give_inbound(pcm if len(pcm) else self._silence)
        except Exception:
            log.exception("! an inbound frame was lost")


class PortPool:
    """Lend conference ports by rate."""

    def __init__(self) -> None:
        self._free: dict[int, list[ConferencePort]] = {}
        self._all: list[ConferencePort] = []

    @property
    def in_use(self) -> int:
        """How many ports legs have."""
        return len(self._all) - sum(len(ports) for ports in self._free.values())

    def __len__(self) -> int:
        """Return how many ports there are, lent or not."""
        return len(self._all)

    def borrow(self, media: MediaPort) -> ConferencePort:
        """Return a port of the rate of ``media``, joined to it."""
        free = self._free.setdefault(media.rate_hz, [])
        if free:
            port = free.pop()
        else:
            port = ConferencePort(f"sipagent-{len(self._all)}", media.rate_hz)
            self._all.append(port)
        port.media = media
        return port

    def give_back(self, port: ConferencePort) -> None:
        """Take back a port that nothing transmits to any more."""
        port.media = None
        self._free[port.rate_hz].append(port)

    def close(self) -> None:
        """Destroy every port; PJSIP must still be there, and no leg."""
        for port in self._all:
            destroy(port)
        self._free.clear()
        self._all.clear()
