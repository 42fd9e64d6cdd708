"""Caller audio on its way to the session: whoever has it, in order, as the session wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sipagent.audio.formats import AudioFormat, Encoder
from sipagent.audio.frames import Pcm


class FrameSource(Protocol):
    """Where the other side's audio comes from: its media port, or a part that screens it."""

    @property
    def rate_hz(self) -> int: ...
    async def next_frames(self) -> Sequence[Pcm]:
        """Wait for frames and return all there are, oldest first; empty at the end."""
        ...


class AudioSink(Protocol):
    """Takes it: a session."""

    async def append_audio(self, audio: bytes) -> None: ...


async def forward(source: FrameSource, sink: AudioSink, audio_format: AudioFormat) -> None:
    """Forward all of ``source`` to ``sink``; return when there is no more."""
    encoder = Encoder(audio_format, source.rate_hz)
    while frames := await source.next_frames():
        for frame in frames:
            await sink.append_audio(encoder.encode(frame))
