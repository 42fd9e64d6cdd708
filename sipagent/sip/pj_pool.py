"""Memory of PJSIP's for what it makes at our request, given back at once.

| resource | acquired | released         |
|----------|----------|------------------|
| pool     | ``pool`` | its block's end  |
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from .pjlib import declared


@contextmanager
def pool(name: bytes, first_bytes: int, more_bytes: int) -> Iterator[int]:
    """Yield a ``pj_pool_t *``; what is made in it is gone with the block.

    Args:
        name: For PJSIP's log.
        first_bytes: How large it is.
        more_bytes: By how much it grows, each time.
    """
    pjsip = _pjsip()
    made: int = pjsip.pjsua_pool_create(name, first_bytes, more_bytes)
    try:
        yield made
    finally:
        pjsip.pj_pool_release(made)


@cache
def _pjsip() -> Any:
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    return declared(
        "lends memory",
        {
            "pjsua_pool_create": (pointer, [ctypes.c_char_p, size, size]),
            "pj_pool_release": (None, [pointer]),
        },
    )
