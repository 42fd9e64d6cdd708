"""Caller audio on its way into a session: muted, and padded where the stream goes quiet.

| resource | acquired            | released             | on failure           |
|----------|---------------------|----------------------|----------------------|
| timer    | a caller who speaks | end of turn, `close` | nothing is padded    |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sipagent.audio.formats import AudioFormat
from sipagent.errors import SessionLost

from .events import SessionEvent, SpeechStarted, SpeechStopped
from .mute import Mute, MuteMode
from .silence import (
    CallerSpeechStarted,
    CallerSpeechStopped,
    FrameArrived,
    SilencePadder,
    SilenceSettings,
    StreamEvent,
    TimerFired,
)

log = logging.getLogger(__name__)


class CallerAudio:
    """Send caller audio.

    Args:
        audio_format: What the session hears.
        mute_mode: What it hears of a muted caller.
        padding: When silence is sent for what does not come; None: never.
        send: Sends audio.
    """

    def __init__(
        self,
        audio_format: AudioFormat,
        mute_mode: MuteMode,
        padding: SilenceSettings | None,
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._format, self._send = audio_format, send
        self._mute = Mute(audio_format, mute_mode)
        self._padder = SilencePadder(audio_format, padding) if padding is not None else None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._padding: asyncio.Task[None] | None = None

    @property
    def is_muted(self) -> bool:
        """Whether the caller is not heard."""
        return self._mute.is_muted

    def mute(self, is_muted: bool) -> None:
        """Let the caller be heard, or not."""
        self._mute.is_muted = is_muted

    async def append(self, audio: bytes, rtp_timestamp: int | None = None) -> None:
        """Send what the caller said, and first what is missing before it.

        Args:
            audio: In the session's format.
            rtp_timestamp: Of its first sample; None where packets are out of sight.

        Raises:
            SessionLost: If the session is not open.
        """
        if self._padder is not None:
            duration_ms = len(audio) // self._format.bytes_per_ms
            for silence in self._advance(FrameArrived(duration_ms, rtp_timestamp)):
                await self._send(silence)
        heard = self._mute.apply(audio)
        if heard is not None:
            await self._send(heard)

    def told(self, event: SessionEvent) -> None:
        """Note what the endpoint's VAD hears."""
        match event:
            case SpeechStarted():
                self._advance(CallerSpeechStarted())
            case SpeechStopped():
                self._advance(CallerSpeechStopped())
            case _:
                pass

    async def close(self) -> None:
        """Send nothing any more."""
        self._padder = None
        if self._timer is not None:
            self._timer.cancel()
        if self._padding is not None:
            self._padding.cancel()
            await asyncio.gather(self._padding, return_exceptions=True)

    def _advance(self, event: StreamEvent) -> list[bytes]:
        if self._padder is None:
            return []
        commands = self._padder.handle(event, now=self._loop.time())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._padder.deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._pad)
        return [command.audio for command in commands]

    def _pad(self) -> None:
        for silence in self._advance(TimerFired()):
            self._padding = self._loop.create_task(self._send_silence(silence), name="silence")

    async def _send_silence(self, silence: bytes) -> None:
        try:
            await self._send(silence)
        except SessionLost:
            log.debug("silence was due after its session")
