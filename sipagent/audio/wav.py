"""WAV files, 16-bit PCM. A file cut off in mid-call is still a valid one."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Protocol

from sipagent.errors import SipAgentError

from .frames import Pcm, bytes_to_pcm, pcm_to_bytes


class _File(Protocol):
    def write(self, data: bytes, /) -> int: ...
    def seek(self, offset: int, /) -> int: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


def _header(data_bytes: int, rate_hz: int, channels: int) -> bytes:
    align = 2 * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        rate_hz,
        rate_hz * align,
        align,
        16,
        b"data",
        data_bytes,
    )


class WavWriter:
    """Write a WAV file whose header is right after every write.

    Args:
        path: Overwritten if it exists.
        rate_hz: Sampling rate.
        channels: Interleaved channels of what is written.

    Raises:
        OSError: If the file cannot be written, here or in ``write``.
    """

    def __init__(self, path: Path, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._data_bytes = 0
        self._file: _File = path.open("wb")
        self._file.write(_header(0, rate_hz, channels))
        self._is_open = True

    def write(self, pcm: Pcm) -> None:
        """Append ``pcm``, interleaved, shape ``(frames * channels,)``."""
        data = pcm_to_bytes(pcm)
        self._file.seek(44 + self._data_bytes)
        self._file.write(data)
        self._data_bytes += len(data)
        self._file.seek(0)
        self._file.write(_header(self._data_bytes, self._rate_hz, self._channels))
        self._file.flush()

    def close(self) -> None:
        """Close the file; harmless when it is closed."""
        if self._is_open:
            self._is_open = False
            self._file.close()


def read_wav(path: Path) -> tuple[Pcm, int]:
    """Return the first channel of a 16-bit PCM WAV file and its rate in Hz.

    Raises:
        OSError: If the file cannot be read.
        SipAgentError: If it is not 16-bit PCM, or empty; the text names the file and what it is.
    """
    data = path.read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise SipAgentError(f"{path} is not a WAV file")
    offset, layout = 12, None
    while offset + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, offset)
        body = data[offset + 8 : offset + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            layout = struct.unpack_from("<HHIIHH", body)
        elif name == b"data" and layout is not None:
            encoding, channels, rate_hz, _, _, bits = layout
            if encoding not in {1, 0xFFFE} or bits != 16:
                raise SipAgentError(f"{path} is not 16-bit PCM (encoding {encoding}, {bits} bit)")
            if not channels or not rate_hz:
                raise SipAgentError(f"{path} has {channels} channels at {rate_hz} Hz")
            if len(body) < 2:
                break
            return bytes_to_pcm(body)[::channels], rate_hz
        offset += 8 + size + (size & 1)
    raise SipAgentError(f"{path} has no audio")
