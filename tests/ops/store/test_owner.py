"""Whose a call is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from sipagent.ops.store.owner import box_name, is_alive, this_process


def test_this_process_is_alive_and_has_the_name_of_its_box() -> None:
    owner = this_process("office")
    assert owner.as_values() == {"box": "office", "owner": owner.process}
    assert is_alive(owner.process)


def test_a_file_is_one_boxs_and_a_server_may_be_that_of_many() -> None:
    assert box_name("office", "sqlite:///x.db") == "office"
    assert box_name("", "sqlite:///x.db") == "local"
    assert box_name("", "postgresql://u@h/d") == socket.gethostname()


def test_another_process_with_the_same_number_is_another() -> None:
    boot, pid, ticks = this_process("").process.split(".")
    assert not is_alive(f"{boot}.{pid}.{int(ticks) - 1}")
    assert not is_alive(f"another-boot.{pid}.{ticks}")


def test_a_process_that_died_is_dead_even_while_nobody_has_asked_how() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        boot, *_ = this_process("").process.split(".")
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:  # noqa: PTH123
            ticks = stat.read().rpartition(")")[2].split()[19]
        assert is_alive(f"{boot}.{process.pid}.{ticks}")
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(f"{boot}.{process.pid}.{ticks}")
    finally:
        process.kill()
        process.communicate()


def test_what_names_no_process_is_not_alive() -> None:
    assert not any(is_alive(each) for each in ("", "x", "a.b.c", "a.1", "..", "boot.1.2"))
