"""Writes one leg's audio while the call goes on, off the loop, one write at a time.

The leg's media port keeps the frames it really received and really played; they are mixed here. A
full disk ends only the recording. What is muted or paused is silence in the file, so that its time
line stays that of the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.recording import AGENT, CALLER, StereoMix
from sipagent.sip.media_port import MediaPort
from sipagent.sip.media_tap import MediaTap

from .recording_file import RecordingFile

log = logging.getLogger(__name__)

WRITE_INTERVAL_S = 0.5
KEPT_S = 10.0
"""Of a call whose loop or disk is late."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a recording."""

    path: Path
    duration_ms: int
    sha256: str
    """``""`` when it is not complete."""
    error: str = ""


class CallRecorder:
    """Record one leg until the call ends.

    Args:
        path: Of the WAV file.
        media: The leg's media; its tap is switched on here.
        begun: Told the name of the file while it is written, once there is one.
    """

    def __init__(
        self, path: Path, media: MediaPort, begun: Callable[[Path], None] = lambda _: None
    ) -> None:
        self._path, self._media, self._begun = path, media, begun
        self._tap: MediaTap | None = None
        self._mix = StereoMix()
        self._file = RecordingFile(path, media.rate_hz)
        self._writing: asyncio.Future[None] | None = None
        self._error = ""
        self._is_muted = {CALLER: False, AGENT: False}

    @property
    def position_ms(self) -> int:
        """Where in the recording the present is."""
        self._take_frames()
        return self._mix.position * 1000 // self._media.rate_hz

    @property
    def complete_ms(self) -> int:
        """Up to where both sides are known: one may be a frame ahead of the other."""
        self._take_frames()
        return self._mix.complete * 1000 // self._media.rate_hz

    def mute(self, *, caller: bool, agent: bool) -> None:
        """Write silence for these sides from this frame on, and sound for the others."""
        self._take_frames()
        self._is_muted = {CALLER: caller, AGENT: agent}

    def start(self) -> None:
        """Keep what is heard from now on."""
        self._tap = self._media.tap(KEPT_S)

    async def run(self) -> None:
        """Write twice a second until cancelled."""
        is_told = False
        while True:
            await asyncio.sleep(WRITE_INTERVAL_S)
            self._take_frames()
            await self._write(self._mix.drain())
            if self._file.is_begun and not is_told:
                is_told = True
                self._begun(self._file.partial)

    async def close(self) -> Recorded | None:
        """Write what is left; return what there is, None if nothing was heard."""
        if self._writing is not None:  # `run` may have been cancelled in the middle of it
            await self._finish(self._writing)
        duration_ms = self.position_ms
        await self._write(self._mix.finish())
        if not duration_ms:
            return None
        sha256 = "" if self._error else await self._finish(self._off_the_loop(self._file.complete))
        if sha256:
            return Recorded(self._path, duration_ms, sha256)
        await self._finish(self._off_the_loop(self._file.close))
        return Recorded(self._file.partial, duration_ms, "", self._error)

    def _take_frames(self) -> None:
        for channel, pcm in self._tap.take() if self._tap is not None else ():
            self._mix.add(channel, silence(len(pcm)) if self._is_muted[channel] else pcm)

    async def _write(self, stereo: Pcm) -> None:
        if not self._error and len(stereo):
            self._writing = self._off_the_loop(lambda: self._file.write(stereo))
            await self._finish(self._writing)

    def _off_the_loop(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(None, work)

    async def _finish(self, work: asyncio.Future[T]) -> T | None:
        try:
            return await asyncio.shield(work)
        except OSError as error:
            if not self._error:
                log.error("recording %s ends here: %s", self._path, error)
                self._error = str(error)
            return None
