"""A process that speaks with espeak-ng; its own, because the library is global and not thread-safe.

Started as ``python -m sipagent.engine.tts.espeak_worker``. On stdin: lines of JSON (text, voice,
pitch, words per minute). On stdout: four bytes of length and that much PCM at
22.05 kHz. Ends with its stdin.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from typing import Any, BinaryIO

AUDIO_OUTPUT_SYNCHRONOUS = 2
ESPEAK_RATE, ESPEAK_PITCH = 1, 3
CHARS_UTF8 = 1
BUFFER_MS = 100

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Voice:
    """espeak-ng, loaded once."""

    def __init__(self) -> None:
        import espeakng_loader  # noqa: PLC0415  an optional extra

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate_hz = self._library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data, 0)
        if self.rate_hz <= 0:
            raise OSError("espeak-ng does not start")
        self._spoken = bytearray()
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, pitch: int, words_per_minute: int) -> bytes:
        """Return ``text`` as PCM at ``rate_hz``."""
        self._spoken.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            self._library.espeak_SetVoiceByName(b"en-us")
        self._library.espeak_SetParameter(ESPEAK_RATE, words_per_minute, 0)
        self._library.espeak_SetParameter(ESPEAK_PITCH, pitch, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, CHARS_UTF8, None, None)
        self._library.espeak_Synchronize()
        return bytes(self._spoken)

    def _take(self, samples: Any, count: int, _: Any) -> int:
        if samples and count > 0:
            self._spoken += ctypes.string_at(samples, 2 * count)
        return 0


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Serve until ``source`` ends."""
    voice = Voice()
    sink.write(struct.pack(">I", voice.rate_hz))
    sink.flush()
    for line in source:
        asked = json.loads(line)
        pcm = voice.speak(asked["text"], asked["voice"], asked["pitch"], asked["wpm"])
        sink.write(struct.pack(">I", len(pcm)) + pcm)
        sink.flush()


if __name__ == "__main__":
    # Our own buffer: with PYTHONUNBUFFERED ``sys.stdout.buffer`` has none, and then one write that
    # a signal interrupts, or a process that is paused, is all that is written of a sentence.
    with open(sys.stdout.fileno(), "wb", closefd=False) as sink:
        serve(sys.stdin.buffer, sink)
