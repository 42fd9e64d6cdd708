"""Where processes with calls come from: a fork server that has loaded all they need but pjsua2.

It is warm and single-threaded, so that each costs about 10 MB and starts at once.
"""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext


def fork_server() -> ForkServerContext:
    """Return the context such processes are started from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sipagent.preloaded"])
    return context


def warm_up() -> None:
    """Have the server load what it needs, while who needs it does something else."""
    with suppress(OSError):  # no memory, or no room for a process: who starts one says so
        forkserver.ensure_running()
