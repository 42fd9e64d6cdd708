"""Moving a frame of PCM between numpy and PJSIP's ``std::vector<unsigned char>`` in one copy.

SWIG copies such a vector element by element, which costs 1-2 % of a core per call. A vector is
three pointers (begin, end, capacity) in every C++ library in use; :func:`is_trusted` checks that
it is so here, once, and otherwise the slow way is taken.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np

from sipagent.audio.frames import Pcm

from .pjlib import pj


class _Vector(ctypes.Structure):
    _fields_ = (("begin", ctypes.c_void_p), ("end", ctypes.c_void_p), ("cap", ctypes.c_void_p))


@lru_cache(maxsize=1)
def is_trusted() -> bool:
    """Tell whether the layout of a vector is the expected one."""
    sample = pj.ByteVector([1, 2, 3, 4])
    vector = _Vector.from_address(int(sample.this))
    if not vector.begin or not vector.end or vector.end - vector.begin != 4:
        return False
    return ctypes.string_at(vector.begin, 4) == b"\x01\x02\x03\x04"


def read(buffer: Any) -> Pcm:
    """Return a copy of a frame's samples, shape ``(samples,)``."""
    if not is_trusted():
        return np.frombuffer(bytes(buffer), np.int16)
    vector = _Vector.from_address(int(buffer.this))
    size = (vector.end or 0) - (vector.begin or 0)
    if size <= 0:
        return np.zeros(0, np.int16)
    return np.frombuffer(ctypes.string_at(vector.begin, size), np.int16)


def write(buffer: Any, pcm: Pcm) -> None:
    """Replace a frame's bytes with ``pcm``."""
    data = pcm.tobytes()
    if not is_trusted():
        buffer.swap(pj.ByteVector(data))
        return
    buffer.resize(len(data))
    vector = _Vector.from_address(int(buffer.this))
    ctypes.memmove(vector.begin, data, len(data))
