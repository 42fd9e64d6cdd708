"""Stereo recording of a call: the caller left, the agent right.

The leg's media port keeps the frames it really received and really played; they are mixed and
written here, off the loop.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from sipagent.audio.frames import Pcm
from sipagent.audio.recording import StereoMix
from sipagent.audio.wav import WavWriter
from sipagent.sip.media_port import MediaPort

log = logging.getLogger(__name__)

WRITE_INTERVAL_S = 0.5


class CallRecorder:
    """Write one leg's audio to ``path`` until the call ends; a full disk ends only the recording.

    Args:
        path: Of the WAV file; its folder is made if missing.
        media: The leg's media; its tap is switched on here.
    """

    def __init__(self, path: Path, media: MediaPort) -> None:
        self.path = path
        self._media = media
        self._mix = StereoMix()
        self._writer: WavWriter | None = None
        self._has_failed = False

    async def run(self) -> None:
        """Write twice a second until cancelled."""
        self._media.start_recording()
        while True:
            await asyncio.sleep(WRITE_INTERVAL_S)
            await self._write(self._drain())

    async def close(self) -> bool:
        """Write what is left; return whether the file is whole."""
        for channel, pcm in self._media.take_recorded():
            self._mix.add(channel, pcm)
        await self._write(self._mix.finish())
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
        return self._writer is not None and not self._has_failed

    def _drain(self) -> Pcm:
        for channel, pcm in self._media.take_recorded():
            self._mix.add(channel, pcm)
        return self._mix.drain()

    async def _write(self, stereo: Pcm) -> None:
        if self._has_failed or not len(stereo):
            return
        try:
            await asyncio.to_thread(self._write_now, stereo)
        except OSError as error:
            self._has_failed = True
            log.error("recording %s ends here: %s", self.path, error)

    def _write_now(self, stereo: Pcm) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = WavWriter(self.path, self._media.rate_hz, 2)
        self._writer.write(stereo)
