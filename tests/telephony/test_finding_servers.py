"""Servers of names (RFC 3263): SRV and NAPTR records, the next server after one that failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sipagent.sip.call import SipCall

from .datagrams import SDP, SipSocket
from .dialog import Dialog, sdp
from .dns_server import name_server, needs_dnsmasq, silent_name_server
from .harness import Switchboard, switchboard, told, until
from .kamailio import account, free_port, kamailio, needs_kamailio


def servers(service: str, *ports: int) -> tuple[str, ...]:
    """Return records of servers of ``pbx.test``, the first one preferred."""
    targets = [
        f"srv-host={service}.pbx.test,box.test,{port},{number},10"
        for number, port in enumerate(ports)
    ]
    return ("host-record=box.test,127.0.0.1", *targets)


async def requested(peer: SipSocket, method: str) -> str:
    """Return the next request of ``method``."""
    while not (request := await peer.received.get()).startswith(f"{method} "):
        pass
    return request


async def end(leg: SipCall, peer: SipSocket) -> None:
    """Hang up."""
    leg.hang_up()
    await peer.agrees_to("BYE")
    await told(leg, "Disconnected")


@needs_dnsmasq
@needs_kamailio
async def test_a_registration_and_a_call_go_to_the_second_proxy_when_the_first_is_dead(
    tmp_path: Path,
) -> None:
    async with (
        SipSocket(0) as callee,
        kamailio(tmp_path, far=f"sip:127.0.0.1:{callee.port}") as proxy,
        name_server(*servers("_sip._tcp", free_port(), proxy.port)) as names,
        switchboard(
            trunks=[account(0, registrar="sip:pbx.test;transport=tcp")], nameservers=[names]
        ) as board,
    ):
        assert (await board.trunk_is("registered")).status == 200
        leg = await board.endpoint.dial("+4930555", trunk="provider")
        invite = await requested(callee, "INVITE")
        assert invite.startswith("INVITE sip:+4930555@pbx.test;transport=tcp ")
        callee.reply(invite, "200 OK", body=sdp())
        await told(leg, "Confirmed")
        await end(leg, callee)


async def refuse_first(first: SipSocket, second: SipSocket, method: str) -> str:
    """Have the first server refuse a request; return it as it comes to the second."""
    first.reply(await requested(first, method), "503 Service Unavailable")
    return await requested(second, method)


@needs_dnsmasq
async def test_a_server_that_says_503_is_left_for_the_next_one() -> None:
    async with (
        SipSocket(0) as first,
        SipSocket(0) as second,
        name_server(*servers("_sip._udp", first.port, second.port)) as names,
        switchboard(nameservers=[names]) as board,
    ):
        leg = await board.endpoint.dial("sip:bob@pbx.test")
        invite = await refuse_first(first, second, "INVITE")
        second.reply(invite, "200 OK", body=sdp())
        await told(leg, "Confirmed")
        await end(leg, second)
        again = await board.endpoint.dial("sip:bob@pbx.test")  # straight to who answered
        second.reply(await requested(second, "INVITE"), "486 Busy Here")
        assert (await told(again, "Disconnected")).status == 486


@needs_dnsmasq
async def test_a_registrar_that_says_503_is_left_for_the_next_one() -> None:
    async with (
        SipSocket(0) as first,
        SipSocket(0) as second,
        name_server(*servers("_sip._udp", first.port, second.port)) as names,
        switchboard(trunks=[account(0, registrar="sip:pbx.test")], nameservers=[names]) as board,
    ):
        register = await refuse_first(first, second, "REGISTER")
        contact = next(line for line in register.split("\r\n") if line.startswith("Contact: "))
        second.reply(register, "200 OK", headers=(contact, "Expires: 300"))
        await board.trunk_is("registered")
        board.endpoint.drain(1)
        second.reply(await requested(second, "REGISTER"), "200 OK")
        await board.trunk_is("unregistered")


@needs_dnsmasq
async def test_a_domain_that_speaks_tcp_alone_says_so_by_naptr() -> None:
    port = free_port()
    naptr = "naptr-record=pbx.test,10,10,s,SIP+D2T,,_sip._tcp.pbx.test"
    async with (
        name_server(naptr, *servers("_sip._tcp", port)) as names,
        switchboard(nameservers=[names]) as board,
    ):
        leg = await board.endpoint.dial("sip:bob@pbx.test")
        ended = await told(leg, "Disconnected")
        assert (ended.status, ended.reason) == (503, "Connection refused")


@pytest.mark.parametrize("uri", ["sip:bob@localhost:{port}", "sip:bob@LOCALHOST.:{port}"])
async def test_names_of_the_file_of_hosts_are_found_without_a_name_server(uri: str) -> None:
    async with (
        silent_name_server() as names,
        SipSocket(0) as peer,
        switchboard(nameservers=[names]) as board,
    ):
        leg = await board.endpoint.dial(uri.format(port=peer.port))
        peer.reply(await requested(peer, "INVITE"), "486 Busy Here")
        assert (await told(leg, "Disconnected")).status == 486


async def test_a_silent_name_server_stops_no_other_call() -> None:
    settings: dict[str, Any] = {"bind": "0.0.0.0"}
    async with (
        silent_name_server() as names,
        switchboard(nameservers=[names], **settings) as board,
        SipSocket(board.endpoint.port) as peer,
    ):
        uris = ("sip:bob@lost.example", "sip:bob@lost.example;transport=tcp")
        lost = [await board.endpoint.dial(uri) for uri in uris]
        await talks(board, peer)
        assert all(leg.events.empty() for leg in lost)
        for leg in lost:
            assert (await told(leg, "Disconnected")).status == 502


async def talks(board: Switchboard, peer: SipSocket) -> None:
    """Call, be answered, and hang up."""
    caller = Dialog(peer)
    leg = await caller.answered(board)
    caller.send("BYE")
    assert (await caller.response("BYE")).startswith("SIP/2.0 200 ")
    await told(leg, "Disconnected")


async def test_a_name_in_an_offer_stops_no_call() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        named = SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 lost.example")
        peer.send(peer.request("INVITE", "c1", body=named))
        leg = await board.incoming.get()
        leg.answer()
        assert (await peer.response()).startswith("SIP/2.0 488 ")
        await until(lambda: board.endpoint.calls_in_use == 0)
