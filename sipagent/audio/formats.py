"""The audio formats of the Realtime wire, and conversion between them and a leg's PCM.

Realtime: ``audio.input.format`` and ``audio.output.format``.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from .frames import Pcm, bytes_to_pcm, pcm_to_bytes
from .g711 import pcm_to_pcma, pcm_to_pcmu, pcma_to_pcm, pcmu_to_pcm
from .resample import Resampler


class AudioFormat(Enum):
    """What a session speaks in one direction."""

    PCMU = "audio/pcmu"
    PCMA = "audio/pcma"
    PCM24 = "audio/pcm"

    @property
    def rate_hz(self) -> int:
        """Sampling rate."""
        return 24_000 if self is AudioFormat.PCM24 else 8_000

    @property
    def bytes_per_ms(self) -> int:
        """Bytes of one millisecond."""
        return 48 if self is AudioFormat.PCM24 else 8

    def to_wire(self) -> dict[str, Any]:
        """Return the format object of the wire."""
        wire: dict[str, Any] = {"type": self.value}
        if self is AudioFormat.PCM24:
            wire["rate"] = self.rate_hz
        return wire

    @classmethod
    def from_wire(cls, wire: Any) -> AudioFormat:
        """Read a format object, or one of the older names.

        Raises:
            ValueError: If it names no format we know, or a rate other than 24000.
        """
        name = wire.get("type") if isinstance(wire, dict) else wire
        if isinstance(wire, dict) and wire.get("rate", 24_000) != 24_000:
            raise ValueError(f"rate {wire['rate']!r} is not supported; use 24000")
        try:
            return _NAMES[name]
        except (KeyError, TypeError):
            allowed = ", ".join(each.value for each in cls)
            raise ValueError(f"unknown audio format {name!r}; use one of {allowed}") from None


_NAMES: dict[Any, AudioFormat] = {
    **{each.value: each for each in AudioFormat},
    "pcm16": AudioFormat.PCM24,
    "pcm": AudioFormat.PCM24,
    "pcmu": AudioFormat.PCMU,
    "g711_ulaw": AudioFormat.PCMU,
    "pcma": AudioFormat.PCMA,
    "g711_alaw": AudioFormat.PCMA,
}


class Encoder:
    """PCM of one rate to wire bytes; G.711 from 8 kHz is not resampled.

    Args:
        audio_format: Of the bytes.
        rate_hz: Of the PCM.
    """

    def __init__(self, audio_format: AudioFormat, rate_hz: int) -> None:
        self._format = audio_format
        self._resampler = Resampler(rate_hz, audio_format.rate_hz)

    def encode(self, pcm: Pcm) -> bytes:
        """Return the bytes of ``pcm``, shape ``(samples,)``."""
        converted = self._resampler.convert(pcm)
        match self._format:
            case AudioFormat.PCMU:
                return pcm_to_pcmu(converted)
            case AudioFormat.PCMA:
                return pcm_to_pcma(converted)
            case AudioFormat.PCM24:
                return pcm_to_bytes(converted)


class Decoder:
    """Wire bytes to PCM of one rate; a sample cut in two by a chunk's end is kept whole.

    Args:
        audio_format: Of the bytes.
        rate_hz: Of the PCM.
    """

    def __init__(self, audio_format: AudioFormat, rate_hz: int) -> None:
        self._format = audio_format
        self._resampler = Resampler(audio_format.rate_hz, rate_hz)
        self._odd = b""

    def decode(self, data: bytes) -> Pcm:
        """Return the PCM that ``data`` completes."""
        match self._format:
            case AudioFormat.PCMU:
                return self._resampler.convert(pcmu_to_pcm(data))
            case AudioFormat.PCMA:
                return self._resampler.convert(pcma_to_pcm(data))
            case AudioFormat.PCM24:
                whole = self._odd + data
                even = len(whole) & ~1
                self._odd = whole[even:]
                return self._resampler.convert(bytes_to_pcm(whole[:even]))

    def flush(self) -> Pcm:
        """Return what resampling held back, at the end of an item."""
        return self._resampler.flush()
