"""Mute: what the session hears of a caller who is muted.

    silence  as much silence as there is audio: an endpoint's VAD sees the end of the caller's turn
    stop     nothing: the endpoint's clock stands still, and a turn that was begun stays open

No I/O, no clock.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from sipagent.audio.formats import AudioFormat

from .silence import silence_bytes

MuteMode: TypeAlias = Literal["silence", "stop"]


class Mute:
    """A switch between the caller and the session.

    Args:
        audio_format: What the session hears.
        mode: What it hears while muted.
    """

    def __init__(self, audio_format: AudioFormat, mode: MuteMode = "silence") -> None:
        self._format, self._mode = audio_format, mode
        self.is_muted = False

    def apply(self, audio: bytes) -> bytes | None:
        """Return what to send for ``audio``, in the session's format; None for nothing."""
        if not self.is_muted:
            return audio
        return silence_bytes(self._format, len(audio)) if self._mode == "silence" else None
