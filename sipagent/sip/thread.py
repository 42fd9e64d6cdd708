"""The one thread that owns PJSIP: it polls the stack and runs what is posted to it.

Every ``pj.*`` object is made, used and released here, so that none is ever freed by the garbage
collector on a thread PJSIP does not know.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_MS = 5
"""Longest wait for a SIP event, and so the longest a posted command waits."""


class PjThread:
    """Run commands and polls in turn until stopped.

    Args:
        poll: Called between commands with the longest wait in ms; set once PJSIP is up.
    """

    def __init__(self) -> None:
        self._commands: deque[Callable[[], Any]] = deque()
        self._has_work = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="pjsip", daemon=True)
        self.poll: Callable[[int], Any] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def post(self, command: Callable[[], Any]) -> None:
        """Run ``command`` soon; what it raises is logged."""
        self._commands.append(command)
        self._has_work.set()

    def call(self, command: Callable[[], T]) -> Future[T]:
        """Run ``command`` soon; its result or error comes by the future."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(command())
            except BaseException as error:
                future.set_exception(error)

        self.post(run)
        return future

    def stop(self) -> None:
        """Let the thread end after what was posted so far."""

        def stop() -> None:
            self._is_stopping = True

        self.post(stop)

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping:
            while self._commands and not self._is_stopping:
                command = self._commands.popleft()
                try:
                    command()
                except Exception:
                    log.exception("! a command to PJSIP failed")
            if self.poll is not None:
                self.poll(POLL_MS)
            else:
                self._has_work.wait(0.1)
                self._has_work.clear()
