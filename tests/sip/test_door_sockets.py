"""Sockets of this process that listen, and who comes to them."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from sipagent.sip.door_sockets import accepted, deafen, hear, listening, not_accepted


def test_each_socket_is_found_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with ExitStack() as handles:
            found = listening({port})
            for each in found.values():
                handles.enter_context(each)
            assert list(found) == [server.fileno()]


def test_who_waits_is_known_by_address_and_who_was_accepted_by_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0)) as peer:
            assert (not_accepted(port), accepted(port)) == ({"127.0.0.2"}, {})
            with server.accept()[0] as ours:
                assert not_accepted(port) == set()
                assert accepted(port) == {ours.fileno(): peer.getsockname()}


def test_a_deaf_socket_takes_nobody_until_it_hears() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        deafen(server)
        with pytest.raises(TimeoutError):
            socket.create_connection(server.getsockname(), timeout=0.05)
        hear(server)
        socket.create_connection(server.getsockname(), timeout=5).close()
