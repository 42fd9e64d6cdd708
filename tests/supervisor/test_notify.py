"""What a service manager hears of us."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sipagent.supervisor.notify import ServiceManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening, {"NOTIFY_SOCKET": str(tmp_path / "notify")}


def test_it_hears_that_we_are_ready_alive_and_stopping(
    manager: tuple[socket.socket, dict[str, str]],
) -> None:
    listening, environment = manager
    told = ServiceManager(environment)
    told.tell_ready("SIP on 127.0.0.1:5060;\n 4 calls")
    told.tell_alive()
    told.tell_status("2 calls")
    told.tell_stopping()
    told.close()
    heard = [listening.recv(1000).decode() for _ in range(4)]
    assert heard == [
        "READY=1\nSTATUS=SIP on 127.0.0.1:5060; 4 calls",
        "WATCHDOG=1",
        "STATUS=2 calls",
        "STOPPING=1\nSTATUS=draining",
    ]


def test_its_socket_may_have_no_file() -> None:
    name = f"sipagent-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(5)
        told = ServiceManager({"NOTIFY_SOCKET": "@" + name})
        told.tell_alive()
        assert listening.recv(100) == b"WATCHDOG=1"
        told.close()


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234"])
def test_without_a_socket_that_we_know_nobody_is_told(address: str) -> None:
    told = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    assert told.alive_every_s is None
    told.tell_ready("here")
    told.close()


def test_a_manager_that_went_ends_nothing(
    manager: tuple[socket.socket, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    listening, environment = manager
    told = ServiceManager(environment)
    listening.close()
    told.tell_alive()
    assert "the service manager was not told: Connection refused" in caplog.text
    told.close()
    told.close()
    told.tell_alive()


@pytest.mark.parametrize(
    ("variables", "every_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_signs_of_life_are_due_twice_as_often_as_they_are_missed(
    manager: tuple[socket.socket, dict[str, str]],
    variables: dict[str, str],
    every_s: float | None,
) -> None:
    told = ServiceManager(manager[1] | variables)
    assert told.alive_every_s == every_s
    told.close()
