"""RTP ports rest after a call."""

from __future__ import annotations

import os
import socket

import pytest

from sipagent.sip.resting_ports import RestingPorts


def handle() -> int:
    """Return a socket's number that nobody else closes."""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_sockets_are_kept_for_their_time() -> None:
    ports, sockets = RestingPorts(3.0, most=4), [handle(), handle()]
    ports.rest(sockets, now=10.0)
    ports.release(now=12.9)
    assert [is_open(each) for each in sockets] == [True, True]
    ports.release(now=13.0)
    assert [is_open(each) for each in sockets] == [False, False]
    assert len(ports) == 0


def test_the_oldest_go_first_where_there_are_few() -> None:
    ports, sockets = RestingPorts(3.0, most=2), [handle(), handle(), handle()]
    for number, each in enumerate(sockets):
        ports.rest([each], now=float(number))
    assert [is_open(each) for each in sockets] == [False, True, True]
    ports.close()
    assert not any(map(is_open, sockets))


@pytest.mark.parametrize(("rest_s", "most"), [(0.0, 4), (3.0, 0)])
def test_none_rests_where_none_may(rest_s: float, most: int) -> None:
    ports, socket_number = RestingPorts(rest_s, most), handle()
    ports.rest([socket_number], now=1.0)
    assert not is_open(socket_number)
