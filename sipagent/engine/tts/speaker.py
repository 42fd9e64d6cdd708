"""The engine's voice, seen from the loop: text in, PCM out. One process serves every session.

| resource | acquired | released | on failure                            |
|----------|----------|----------|---------------------------------------|
| process  | ``start``| ``close``| started again for the next sentence   |
"""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import sys

import numpy as np

from sipagent.audio.frames import Pcm, bytes_to_pcm
from sipagent.errors import EngineError

from .speech_text import spoken
from .voices import WORDS_PER_MINUTE, EspeakVoice

log = logging.getLogger(__name__)

SPEAK_LIMIT_S = 10.0
SILENT_BELOW = 60
"""Samples below this at either end are silence espeak-ng adds."""
KEPT_TAIL_S = 0.12


class Speaker:
    """Speak with espeak-ng."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._speaking = asyncio.Lock()
        self.rate_hz = 22_050

    async def start(self) -> None:
        """Start the process.

        Raises:
            EngineError: If it does not start; the text says what to install.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sipagent.engine.tts.espeak_worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            self.rate_hz = await self._number()
        except (asyncio.IncompleteReadError, TimeoutError):
            await self.close()
            text = "the voice does not start; pip install 'sipagent[local]'"
            raise EngineError(text) from None

    async def speak(self, text: str, voice: EspeakVoice, *, speed: float = 1.0) -> Pcm:
        """Return ``text`` spoken, at ``rate_hz``, without the silence around it.

        Args:
            text: As it is written.
            voice: Whose.
            speed: Times the usual pace.

        Raises:
            EngineError: If the voice failed; the next sentence tries again.
        """
        asked = {
            "text": spoken(text),
            "voice": voice.name,
            "pitch": voice.pitch,
            "wpm": round(WORDS_PER_MINUTE * speed),
        }
        async with self._speaking:
            try:
                if self._process is None or self._process.returncode is not None:
                    await self.start()
                assert self._process is not None and self._process.stdin is not None
                self._process.stdin.write(json.dumps(asked).encode() + b"\n")
                length = await self._number()
                assert self._process.stdout is not None
                async with asyncio.timeout(SPEAK_LIMIT_S):
                    data = await self._process.stdout.readexactly(length)
            except (asyncio.IncompleteReadError, TimeoutError, OSError) as error:
                await self.close()
                raise EngineError(f"the voice failed: {type(error).__name__}") from None
            except asyncio.CancelledError:
                await self.close()  # its answer would be taken for the next sentence's
                raise
        return _trimmed(bytes_to_pcm(data), self.rate_hz)

    async def close(self) -> None:
        """End the process; harmless when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        # What it said and nobody read keeps the pipe from its end, and that is waited for.
        stdout = process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        if stdout is not None:
            stdout.close()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]

    async def _number(self) -> int:
        assert self._process is not None and self._process.stdout is not None
        async with asyncio.timeout(SPEAK_LIMIT_S):
            data = await self._process.stdout.readexactly(4)
        number: int = struct.unpack(">I", data)[0]
        return number


def _trimmed(pcm: Pcm, rate_hz: int) -> Pcm:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > SILENT_BELOW)
    if not len(loud):
        return pcm[:0]
    end = min(len(pcm), int(loud[-1]) + round(KEPT_TAIL_S * rate_hz))
    return pcm[max(0, int(loud[0]) - 64) : end]
