"""The one thread that owns PJSIP: it polls the stack and runs what is posted to it.

Every ``pj.*`` object is made, used and released here, so that none is ever freed by the garbage
collector on a thread PJSIP does not know. That goes for errors too: a traceback keeps the locals
of its frames alive, so they are cleared before an error leaves the thread.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sipagent.errors import SipError

from .pjlib import pj

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_MS = 5
"""Longest wait for a SIP event, and so the longest a posted command waits."""


class PjThread:
    """Run commands and polls in turn until stopped."""

    def __init__(self) -> None:
        self._commands: deque[Callable[[], Any]] = deque()
        self._has_work = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="pjsip", daemon=True)
        self.poll: Callable[[int], Any] | None = None
        """Called between commands with the longest wait in ms; set while PJSIP is up."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def post(self, command: Callable[[], Any]) -> None:
        """Run ``command`` soon; what it raises is logged."""
        self._commands.append(command)
        self._has_work.set()

    def call(self, command: Callable[[], T]) -> Future[T]:
        """Run ``command`` soon; its result comes by the future, a ``pj.Error`` as SipError.

        Cancelling the future before that is as if it never was; later, it comes too late.
        """
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(command())
            except pj.Error as error:
                traceback.clear_frames(error.__traceback__)
                future.set_exception(SipError(str(error.reason)))
            except Exception as error:
                traceback.clear_frames(error.__traceback__)
                future.set_exception(error)

        self.post(run)
        return future

    def run_commands(self) -> None:
        """Run what was posted so far; this thread, also from inside a command."""
        while self._commands and not self._is_stopping:
            command = self._commands.popleft()
            try:
                command()
            except Exception as error:
                log.exception("! a command to PJSIP failed")
                traceback.clear_frames(error.__traceback__)
            del command  # what it holds must go here and now, not at the next command

    def stop(self) -> None:
        """Let the thread end after what was posted so far; it may never have started."""

        def stop() -> None:
            self._is_stopping = True

        self.post(stop)

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_stopping:
            self.run_commands()
            if self._is_stopping:
                break
            if self.poll is None:
                self._has_work.wait()
                self._has_work.clear()
                continue
            try:
                self.poll(POLL_MS)
            except Exception:
                log.exception("! PJSIP could not be polled")
