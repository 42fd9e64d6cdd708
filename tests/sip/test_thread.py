from __future__ import annotations

import gc
import threading
import weakref

import pytest

from sipagent.errors import SipError
from sipagent.sip.pjlib import pj
from sipagent.sip.thread import PjThread

WAIT_S = 5


class Held:
    """Something that tells on which thread it dies."""


def running() -> PjThread:
    """Return a started thread."""
    thread = PjThread()
    thread.start()
    return thread


def test_commands_run_in_order_on_one_thread() -> None:
    thread = running()
    ran: list[int] = []
    for number in range(5):
        thread.post(lambda number=number: ran.append(number))  # type: ignore[misc]
    name = thread.call(lambda: threading.current_thread().name).result(WAIT_S)
    assert (ran, name) == ([0, 1, 2, 3, 4], "pjsip")
    thread.stop()
    thread.join()


def test_a_command_that_fails_ends_nothing() -> None:
    thread = running()
    thread.post(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: 1 / 0).result(WAIT_S)
    assert thread.call(lambda: 1).result(WAIT_S) == 1
    thread.stop()
    thread.join()


def test_what_an_error_held_is_released_on_the_thread() -> None:
    thread = running()
    died_on: list[str] = []

    def fail() -> None:
        held = Held()
        weakref.finalize(held, lambda: died_on.append(threading.current_thread().name))
        raise ValueError

    gc.disable()
    try:
        error = thread.call(fail).exception(WAIT_S)
    finally:
        gc.enable()
    assert isinstance(error, ValueError)
    assert died_on == ["pjsip"]
    thread.stop()
    thread.join()


def test_an_error_of_pjsip_leaves_as_ours() -> None:
    thread = running()
    with pytest.raises(SipError):
        thread.call(lambda: pj.Endpoint.instance().libGetState()).result(WAIT_S)
    thread.stop()
    thread.join()


def test_stopping_what_never_started_is_harmless() -> None:
    thread = PjThread()
    thread.stop()
    thread.join()


def test_a_command_that_was_cancelled_in_time_never_runs() -> None:
    thread = PjThread()
    ran: list[int] = []
    thread.call(lambda: ran.append(1)).cancel()
    last = thread.call(lambda: ran.append(2))
    thread.start()
    last.result(WAIT_S)
    assert ran == [2]
    thread.stop()
    thread.join()
