"""How long a Python file of a plan may take to be loaded, so that one which hangs is named.

A signal ends what the main thread executes, which is where plans are checked; in other threads
there is no limit, and needs to be none: what they load has been checked.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOAD_LIMIT_S = 15.0
"""Long enough for large libraries on a small machine."""

AGAIN_S = 0.5
"""How often what catches the end is ended again."""


@contextmanager
def limited() -> Iterator[None]:
    """Have ``TimeoutError`` raised in the block once it has lasted too long."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"still goes on after {LOAD_LIMIT_S:g} s")

    before = signal.signal(signal.SIGALRM, end)
    left = signal.setitimer(signal.ITIMER_REAL, LOAD_LIMIT_S, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *left)
