"""What takes PJSIP minutes, in seconds: an endpoint in a process whose clock goes 40 times as fast.

Session timers (RFC 4028) that expire or are refreshed, and answers that nobody acknowledges.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import rtp_ports

from .datagrams import SipSocket
from .dialog import Dialog, sdp
from .far_end import command

SPEED = 40
LIBRARY = next(Path("/usr").glob("lib*/*/faketime/libfaketime.so.1"), None)

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed")

TIMER = ("Supported: timer", "Session-Expires: 90;refresher=")
BY_US = (TIMER[0], f"{TIMER[1]}uas")
BY_PEER = (TIMER[0], f"{TIMER[1]}uac")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where an endpoint in a hurry answers every call."""
    settings = {"bind": "127.0.0.1", "port": 0, "rtp_ports": rtp_ports("another far end")}
    clock = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": f"+0 x{SPEED}"}
    with subprocess.Popen(
        command("answers", settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | clock,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            assert process.wait(20) == 0


async def is_over(caller: Dialog, because: str) -> None:
    """Take the endpoint's BYE, which says why; nothing of the call is left."""
    bye = await caller.hung_up()
    assert "\r\nReason: SIP" in bye and because in bye
    peer, number = caller.peer, 0
    free = ""
    while "X-Calls-Free: 4\r\n" not in free:
        number += 1
        peer.send(peer.request("OPTIONS", f"{caller.call_id}-{number}"))
        while "OPTIONS" not in (free := await peer.response()):
            pass


async def called(peer: SipSocket, *headers: str) -> Dialog:
    """Call, and be answered."""
    caller = Dialog(peer)
    caller.send("INVITE", sdp(), headers=headers)
    await caller.accepted()
    return caller


async def test_a_call_that_nobody_refreshes_is_ended(port: int) -> None:
    async with SipSocket(port) as peer:
        await is_over(await called(peer, *BY_PEER), "No session refresh received")


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_we_refresh_a_call_in_time(port: int, method: str) -> None:
    allow = ("Allow: INVITE, ACK, BYE, CANCEL, UPDATE",) if method == "UPDATE" else ()
    async with SipSocket(port) as peer:
        caller = await called(peer, *BY_US, *allow)
        refresh = await caller.asked(method)
        assert "\r\nSession-Expires: 90;refresher=uac\r\n" in refresh
        body = sdp(version=2) if method == "INVITE" else ""
        agreed = ("Require: timer", "Session-Expires: 90;refresher=uac")
        peer.reply(refresh, "200 OK", headers=agreed, body=body)
        caller.send("BYE")
        assert (await caller.response("BYE")).startswith("SIP/2.0 200 ")


async def test_a_call_whose_refresh_nobody_answers_is_ended(port: int) -> None:
    async with SipSocket(port) as peer:
        await is_over(await called(peer, *BY_US), "cause=408")


async def test_a_call_whose_answer_nobody_acknowledges_is_ended(port: int) -> None:
    async with SipSocket(port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        await caller.response("INVITE")
        await is_over(caller, "cause=408")


async def test_a_call_whose_offer_of_ours_nobody_acknowledges_is_ended(port: int) -> None:
    async with SipSocket(port) as peer:
        caller = await called(peer, *BY_US)
        caller.send("INVITE", headers=BY_US)
        await is_over(caller, "No ACK")


async def test_an_answer_to_an_offer_that_is_not_acknowledged_stops_no_refresh(port: int) -> None:
    async with SipSocket(port) as peer:
        caller = await called(peer, *BY_US)
        caller.send("INVITE", sdp(version=2), headers=BY_US)
        refresh = await caller.asked("INVITE")
        agreed = ("Require: timer", "Session-Expires: 90;refresher=uac")
        peer.reply(refresh, "200 OK", headers=agreed, body=sdp(version=3))
        caller.send("BYE")
        assert (await caller.response("BYE")).startswith("SIP/2.0 200 ")
