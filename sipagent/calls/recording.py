"""Stereo recording of a call: the caller left, the agent right.

The leg's media port keeps the frames it really received and really played; they are mixed here and
written off the loop, one write at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.recording import AGENT, CALLER, StereoMix
from sipagent.audio.wav import WavWriter
from sipagent.sip.events import MediaStarted
from sipagent.sip.media_port import MediaPort

from .inbox import Inbox
from .part import CallPart

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
        self._writing: asyncio.Future[None] | None = None
        self._has_failed = False
        self._is_muted = {CALLER: False, AGENT: False}

    def mute(self, *, caller: bool, agent: bool) -> None:
        """Write silence for these sides from this frame on, and sound for the others."""
        self._take_frames()
        self._is_muted = {CALLER: caller, AGENT: agent}

    async def run(self) -> None:
        """Write twice a second until cancelled."""
        self._media.start_recording()
        while True:
            await asyncio.sleep(WRITE_INTERVAL_S)
            self._take_frames()
            await self._write(self._mix.drain())

    async def close(self) -> bool:
        """Write what is left; return whether the file is whole. Never raises ``OSError``."""
        if self._writing is not None:  # `run` may have been cancelled in the middle of it
            await self._finish_write(self._writing)
        self._take_frames()
        await self._write(self._mix.finish())
        if self._writer is not None:
            await self._off_the_loop(self._writer.close)
        return self._writer is not None and not self._has_failed

    def _take_frames(self) -> None:
        for channel, pcm in self._media.take_recorded():
            self._mix.add(channel, silence(len(pcm)) if self._is_muted[channel] else pcm)

    async def _write(self, stereo: Pcm) -> None:
        if not self._has_failed and len(stereo):
            await self._off_the_loop(lambda: self._write_now(stereo))

    async def _off_the_loop(self, write: Callable[[], None]) -> None:
        self._writing = asyncio.get_running_loop().run_in_executor(None, write)
        await self._finish_write(self._writing)

    async def _finish_write(self, writing: asyncio.Future[None]) -> None:
        try:
            await asyncio.shield(writing)
        except OSError as error:
            if not self._has_failed:
                log.error("recording %s ends here: %s", self.path, error)
            self._has_failed = True

    def _write_now(self, stereo: Pcm) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = WavWriter(self.path, self._media.rate_hz, 2)
        self._writer.write(stereo)


class Recording(CallPart):
    """Record a call from its first media on, as its plan wants it.

    Args:
        path: Of the WAV file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._recorder: CallRecorder | None = None
        self._is_caller_muted = False

    def mute(self, *, caller: bool) -> None:
        """Keep what the caller says, or keys in, out of the recording; the time goes on in it."""
        self._is_caller_muted = caller
        if self._recorder is not None:
            self._recorder.mute(caller=caller, agent=False)

    def handle(self, message: Inbox) -> None:
        """Begin with the media."""
        if isinstance(message, MediaStarted) and self._recorder is None:
            media = self.hands.leg.media
            assert media is not None
            self._recorder = CallRecorder(self._path, media)
            self._recorder.mute(caller=self._is_caller_muted, agent=False)
            self.hands.run(self._recorder.run, "recording")

    async def close(self) -> Mapping[str, str]:
        """Write what is left; return where it is."""
        if self._recorder is None or not await self._recorder.close():
            return {}
        return {"recording": str(self._path)}
