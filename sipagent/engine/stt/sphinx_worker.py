"""A process that recognises speech; its own, because pocketsphinx holds the GIL while it decodes.

Started as ``python -m sipagent.engine.stt.sphinx_worker DICTIONARY``. On stdin: one byte of
command, four of length, payload. ``L`` loads a language model (JSON: id, path), ``B`` begins an
utterance (id of the model), ``A`` is audio (8 kHz PCM), ``E`` ends it. On stdout: a line of JSON
after ``L`` and ``E``. Ends with its stdin.
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Any, BinaryIO

import numpy as np

from sipagent.audio.frames import bytes_to_pcm, pcm_to_bytes
from sipagent.audio.resample import Resampler

IMAGE = 0.1
"""The acoustic model expects sound up to 6.8 kHz; an image of the lower band at -20 dB helps."""

TELEPHONE_CMN = "53.44,2.83,-25.66,-1.68,0.89,-25.35,14.32,-23.71,-0.12,0.69,-11.47,10.23,-10.90"
"""Cepstral mean of telephone speech, so that the first utterance of a call is understood too."""


class Recogniser:
    """One decoder, one utterance at a time.

    Args:
        dictionary: File with the words of all language models.
    """

    def __init__(self, dictionary: str) -> None:
        from pocketsphinx import Decoder  # noqa: PLC0415

        self._decoder: Any = Decoder(lm=None, dict=dictionary, loglevel="FATAL", bestpath=True)
        self._resampler = Resampler(8_000, 16_000)
        self._sign = 1
        self._is_listening = False

    def load(self, name: str, path: str) -> None:
        """Take a language model."""
        self._decoder.add_lm_file(name, path)

    def begin(self, name: str) -> None:
        """Start an utterance."""
        if self._is_listening:
            self._decoder.end_utt()
        self._decoder.activate_search(name)
        self._decoder.set_cmn(TELEPHONE_CMN)
        self._decoder.start_utt()
        self._is_listening = True

    def feed(self, data: bytes) -> None:
        """Take 8 kHz PCM."""
        wide = self._resampler.convert(bytes_to_pcm(data)).astype(np.float32)
        signs = self._sign * np.resize((1.0, -1.0), len(wide)).astype(np.float32)
        self._sign = self._sign if len(wide) % 2 == 0 else -self._sign
        folded = np.clip(wide * (1 + IMAGE * signs), -32768, 32767).astype(np.int16)
        self._decoder.process_raw(pcm_to_bytes(folded), no_search=False, full_utt=False)

    def end(self) -> str:
        """Return what was said."""
        self._decoder.end_utt()
        self._is_listening = False
        hypothesis = self._decoder.hyp()
        return str(hypothesis.hypstr) if hypothesis is not None else ""


def serve(recogniser: Recogniser, source: BinaryIO, sink: BinaryIO) -> None:
    """Serve until ``source`` ends."""
    while len(head := source.read(5)) == 5:
        command, length = struct.unpack(">cI", head)
        payload = source.read(length)
        reply: dict[str, Any] | None = None
        if command == b"L":
            model = json.loads(payload)
            recogniser.load(model["id"], model["path"])
            reply = {"loaded": model["id"]}
        elif command == b"B":
            recogniser.begin(payload.decode())
        elif command == b"A":
            recogniser.feed(payload)
        else:
            reply = {"text": recogniser.end()}
        if reply is not None:
            sink.write(json.dumps(reply).encode() + b"\n")
            sink.flush()


if __name__ == "__main__":
    serve(Recogniser(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
