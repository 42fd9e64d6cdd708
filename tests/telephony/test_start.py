from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sipagent.errors import SipStartError
from sipagent.sip.endpoint import SipEndpoint
from sipagent.sip.settings import SipSettings

from .datagrams import SDP, SipSocket
from .harness import Switchboard, gives_back, resources, switchboard


def endpoint(**settings: object) -> SipEndpoint:
    """Return an endpoint on loopback that nobody listens to."""
    chosen = SipSettings.model_validate({"bind": "127.0.0.1", "port": 0} | settings)
    return SipEndpoint(chosen, on_incoming=lambda _: None, on_refused=lambda _: None)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_a_busy_port_is_one_line_that_names_it(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SipStartError) as caught:
            await endpoint(port=port).start()
    assert str(caught.value) == f"SIP cannot listen on 127.0.0.1:{port}: Address already in use"


async def test_an_address_that_is_not_ours_is_one_line() -> None:
    with pytest.raises(SipStartError, match=r"^SIP cannot listen on 192\.0\.2\.1:0: .+$"):
        await endpoint(bind="192.0.2.1").start()


async def test_a_second_start_in_the_same_process_works() -> None:
    async with switchboard():
        pass
    held = resources()
    for _ in range(5):
        with pytest.raises(SipStartError):
            await endpoint(bind="192.0.2.1").start()
        async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
            peer.send(peer.request("OPTIONS", "o1"))
            assert (await peer.response()).startswith("SIP/2.0 200 OK")
    await gives_back(held)


async def test_close_is_safe_twice_and_before_the_start() -> None:
    never_started = endpoint()
    await never_started.close()
    async with switchboard() as board:
        await board.endpoint.close()


async def test_close_ends_ringing_calls() -> None:
    board = Switchboard(SipSettings(bind="127.0.0.1", port=0))
    await board.endpoint.start()
    async with SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        await board.endpoint.close()
        assert (await peer.response()).startswith("SIP/2.0 503 ")
        assert not leg.events.empty()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_one_transport_alone(transport: str) -> None:
    async with switchboard(transports=[transport]) as board:
        assert board.endpoint.port > 0
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        assert own_sockets(board.endpoint.port) == {kind}


def own_sockets(port: int) -> set[int]:
    """Return the kinds of this process's sockets on ``port``; others may have it for another."""
    kinds = set()
    for entry in Path("/proc/self/fd").iterdir():
        if entry.is_socket():
            with socket.socket(fileno=os.dup(int(entry.name))) as each:
                inet = each.family == socket.AF_INET
                if inet and each.getsockname()[1] == port:
                    kinds.add(int(each.type))
    return kinds


async def test_the_public_address_is_what_peers_are_told() -> None:
    async with (
        switchboard(public_address="203.0.113.7") as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        leg.answer()
        answer = await peer.response()
        assert "c=IN IP4 203.0.113.7\r\n" in answer
        contact = next(line for line in answer.splitlines() if line.startswith("Contact:"))
        assert f"203.0.113.7:{board.endpoint.port}" in contact
        assert "127.0.0.1" not in answer.partition("\r\n\r\n")[2]
