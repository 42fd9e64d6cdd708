"""Silence for a caller's stream that goes quiet.

An endpoint's VAD ends a turn by the silence it hears, and hears nothing at all while no packets
come: loss, discontinuous transmission, comfort noise. A caller who was speaking would then never
get an answer. So silence is sent in place of what does not come:

- while the caller speaks and nothing came for ``quiet_ms``: ``inject_ms`` at once, and again each
  time the quiet outlasts what was sent by ``quiet_ms``;
- before a packet whose RTP timestamp says that some are missing (RFC 3550 section 5.1): the gap,
  less what was sent already, so that the endpoint's clock stays with the caller's.

Never more than ``longest_pad_ms`` for one gap.

No I/O, no clock: ``now`` is always passed in, in seconds, monotonic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sipagent.audio.formats import AudioFormat

_SILENT_BYTE = {AudioFormat.PCMU: b"\xff", AudioFormat.PCMA: b"\xd5", AudioFormat.PCM24: b"\x00"}
"""Zero in each law (ITU-T G.711 tables 1 and 2) and in linear PCM."""

RESTART_MS = 1_000
"""A timestamp that ran this much further than the clock did was set anew: no gap (RFC 3550
section 5.1, a new source starts at a random one)."""

_WRAP = 2**32


def silence_bytes(audio_format: AudioFormat, size_bytes: int) -> bytes:
    """Return ``size_bytes`` of silence."""
    return _SILENT_BYTE[audio_format] * size_bytes


@dataclass(frozen=True, slots=True)
class SilenceSettings:
    """When silence is sent, and how much."""

    quiet_ms: int | None = 750
    """How long nothing may come while the caller speaks; None: for ever."""
    inject_ms: int = 1_000
    longest_pad_ms: int = 10_000
    rtp_clock_hz: int = 8_000
    """Of the timestamps: 8000 for G.711, and for G.722 too (RFC 3551 section 4.5.2)."""


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """Caller audio came, and is about to be sent."""

    duration_ms: int
    rtp_timestamp: int | None = None
    """Of its first sample; None where packets are out of sight."""


@dataclass(frozen=True, slots=True)
class CallerSpeechStarted:
    """The endpoint's VAD heard the caller."""


@dataclass(frozen=True, slots=True)
class CallerSpeechStopped:
    """The endpoint's VAD ended the caller's turn."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline asked for has passed."""


StreamEvent: TypeAlias = FrameArrived | CallerSpeechStarted | CallerSpeechStopped | TimerFired


@dataclass(frozen=True, slots=True)
class AppendSilence:
    """Send silence, before the frame that just arrived if one did."""

    audio: bytes
    duration_ms: int


class SilencePadder:
    """Decide when a session is sent silence; send nothing.

    Args:
        audio_format: What the session hears.
        settings: Fixed for the call.
    """

    def __init__(self, audio_format: AudioFormat, settings: SilenceSettings) -> None:
        self._format, self._settings = audio_format, settings
        self._is_speaking = False
        self._last_at: float | None = None
        self._next_timestamp: int | None = None
        self._padded_ms = 0

    def deadline(self) -> float | None:
        """Return when ``handle(TimerFired())`` is due, or None."""
        quiet_ms = self._settings.quiet_ms
        if not self._is_speaking or self._last_at is None or quiet_ms is None:
            return None
        if self._padded_ms >= self._settings.longest_pad_ms:
            return None
        return self._last_at + (self._padded_ms + quiet_ms) / 1000

    def handle(self, event: StreamEvent, *, now: float) -> list[AppendSilence]:
        """Advance on ``event``; return what to send."""
        match event:
            case FrameArrived():
                return self._frame_arrived(event, now)
            case CallerSpeechStarted():
                self._is_speaking = True
            case CallerSpeechStopped():
                self._is_speaking = False
            case TimerFired():
                due_at = self.deadline()
                if due_at is not None and now >= due_at:
                    return self._pad(self._settings.inject_ms)
        return []

    def _frame_arrived(self, frame: FrameArrived, now: float) -> list[AppendSilence]:
        last_at, self._last_at = self._last_at, now
        ahead_ms = self._ahead_ms(frame.rtp_timestamp)
        if -RESTART_MS <= ahead_ms < 0:
            return []  # overtaken on its way: what is missing was known, and is less by this
        commands = []
        if last_at is not None and ahead_ms <= (now - last_at) * 1000 + RESTART_MS:
            commands = self._pad(ahead_ms - self._padded_ms)
        self._padded_ms = 0
        self._next_timestamp = None
        if frame.rtp_timestamp is not None:
            ticks = frame.duration_ms * self._settings.rtp_clock_hz // 1000
            self._next_timestamp = (frame.rtp_timestamp + ticks) % _WRAP
        return commands

    def _ahead_ms(self, timestamp: int | None) -> int:
        """Return how far ``timestamp`` is past the one expected, or before it (RFC 1982)."""
        if timestamp is None or self._next_timestamp is None:
            return 0
        ticks = (timestamp - self._next_timestamp + _WRAP // 2) % _WRAP - _WRAP // 2
        return ticks * 1000 // self._settings.rtp_clock_hz

    def _pad(self, duration_ms: int) -> list[AppendSilence]:
        duration_ms = min(duration_ms, self._settings.longest_pad_ms - self._padded_ms)
        if duration_ms <= 0:
            return []
        self._padded_ms += duration_ms
        audio = silence_bytes(self._format, duration_ms * self._format.bytes_per_ms)
        return [AppendSilence(audio, duration_ms)]
