"""Loading hundreds of modules in a quarter less time: nobody looks for garbage meanwhile.

What modules make while they load stays; looking through it over and over finds nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Load what a process needs within this; what there is at its end is not looked through again.

    Within another one, or where somebody else has switched collecting off, it changes nothing.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
