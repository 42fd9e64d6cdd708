from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sipagent.sip.events import Refused
from sipagent.sip.other_methods import ALLOW

from .datagrams import SDP, SipSocket
from .dialog import Dialog, sdp
from .harness import switchboard, told, until
from .sipp import Sipp, needs_sipp


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (SDP.replace("AVP 0", "AVP 18"), 488),
        (SDP.replace("RTP/AVP", "RTP/SAVP"), 488),
        (SDP.replace("audio 10000", "audio 0"), 488),
        (SDP.replace("m=audio 10000 RTP/AVP 0", "m=video 10000 RTP/AVP 31"), 488),
        ("no SDP at all", 400),
    ],
)
async def test_an_offer_we_cannot_take_is_refused_at_once(body: str, status: int) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=body))
        assert (await peer.response()).startswith(f"SIP/2.0 {status} ")
        refusal = await board.refusals.get()
        assert replace(refusal, findings=()) == Refused(
            status, refusal.reason, "ada", "agent", "c1", f"127.0.0.1:{peer.port}"
        )
        assert board.incoming.empty()
        assert board.endpoint.calls_in_use == 0


async def test_the_fifth_call_is_refused_at_once() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        limit = board.endpoint.call_limit
        for number in range(limit):
            peer.send(peer.request("INVITE", f"c{number}", body=SDP))
            await board.incoming.get()
        peer.send(peer.request("INVITE", "fifth", body=SDP))
        assert (await peer.response()).startswith("SIP/2.0 486 ")
        refusal = await board.refusals.get()
        assert (refusal.status, refusal.sip_call_id) == (486, "fifth")


async def test_fewer_calls_than_the_library_holds() -> None:
    async with switchboard(max_calls=1) as board, SipSocket(board.endpoint.port) as peer:
        assert board.endpoint.call_limit == 1
        peer.send(peer.request("INVITE", "first", body=SDP))
        await board.incoming.get()
        peer.send(peer.request("INVITE", "second", body=SDP))
        assert (await peer.response()).startswith("SIP/2.0 486 ")


async def test_a_draining_endpoint_says_when_to_come_back() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        board.endpoint.drain(30)
        peer.send(peer.request("INVITE", "late", body=SDP))
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 503 ")
        assert "Retry-After: 30" in answer
        assert (await board.refusals.get()).status == 503
        assert board.incoming.empty()
        await until(lambda: board.endpoint.calls_in_use == 0)


@needs_sipp
async def test_a_draining_endpoint_keeps_its_calls(tmp_path: Path) -> None:
    async with (
        switchboard() as board,
        Sipp("waits_for_bye", board.endpoint.port, tmp_path) as sipp,
    ):
        leg = await board.answered()
        board.endpoint.drain(30)
        assert board.endpoint.calls_in_use == 1
        leg.hang_up()
        await sipp.succeeds()


@needs_sipp
async def test_the_loop_may_refuse(tmp_path: Path) -> None:
    async with (
        switchboard() as board,
        Sipp("is_refused", board.endpoint.port, tmp_path, status=404) as sipp,
    ):
        leg = await board.incoming.get()
        leg.progress(180)
        leg.reject(404)
        end = await told(leg, "Disconnected")
        assert (end.status, end.by_peer) == (404, False)
        await sipp.succeeds()


async def test_options_tell_what_is_free() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        limit = board.endpoint.call_limit
        peer.send(peer.request("OPTIONS", "o1"))
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 200 OK")
        assert f"X-Calls-Free: {limit}\r\n" in answer
        assert f"X-Calls-Limit: {limit}\r\n" in answer
        assert set(named(answer, "Allow")) == set(ALLOW.split(", "))
        for number in range(limit):
            peer.send(peer.request("INVITE", f"c{number}", body=SDP))
            await board.incoming.get()
        peer.send(peer.request("OPTIONS", "o2"))
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 200 OK")
        assert "X-Calls-Free: 0\r\n" in answer


async def test_options_while_draining_send_dispatchers_elsewhere() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        board.endpoint.drain(30)
        peer.send(peer.request("OPTIONS", "o1"))
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 503 ")
        assert "X-Calls-Free: 0\r\n" in answer
        assert "Retry-After: 30\r\n" in answer


@needs_sipp
async def test_options_inside_a_dialog_are_answered_200_even_while_draining(
    tmp_path: Path,
) -> None:
    async with (
        switchboard() as board,
        Sipp("asks_options", board.endpoint.port, tmp_path) as sipp,
    ):
        leg = await board.incoming.get()
        board.endpoint.drain(30)
        leg.answer()
        await told(leg, "Confirmed")
        await told(leg, "Disconnected")
        await sipp.succeeds()


async def test_options_of_an_unknown_dialog_are_answered_481() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        options = peer.request("OPTIONS", "o1")
        peer.send(options.replace(b"agent@127.0.0.1>\r\nCall", b"agent@127.0.0.1>;tag=x\r\nCall"))
        assert (await peer.response()).startswith("SIP/2.0 481 ")


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *[("SUBSCRIBE", 489), ("MESSAGE", 405), ("REGISTER", 405), ("PUBLISH", 405)],
        *[("NONSENSE", 405), ("BYE", 481), ("INFO", 481), ("UPDATE", 481), ("PRACK", 481)],
        ("NOTIFY", 481),
    ],
)
async def test_what_is_nothing_of_ours_is_refused_and_leaves_nothing(
    method: str, status: int
) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        idle = await board.endpoint.inventory()
        peer.send(peer.request(method, "c1", headers=("Event: presence", "Expires: 599")))
        answer = await peer.response()
        assert answer.startswith(f"SIP/2.0 {status} ")
        assert ("\r\nAllow: INVITE, " in answer) is (status == 405)
        assert await board.endpoint.inventory() == idle
        assert peer.received.empty()


async def test_an_unasked_message_summary_is_taken() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("NOTIFY", "c1", headers=("o: message-summary",)))
        assert (await peer.response()).startswith("SIP/2.0 200 ")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 1200,
        b"\xff\xfe garbage",
        b"GET / HTTP/1.1\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nVia: foo\r\n\r\n",
        b"INVITE " + b"A" * 60_000 + b" SIP/2.0\r\n\r\n",
        b"ack sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1"
        b"\r\nTo: <sip:a@b>\r\nCall-ID: a\r\nCall-ID: b\r\nCSeq: 1 ACK\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\n\r\n",
    ],
)
async def test_a_malformed_datagram_harms_nobody(datagram: bytes) -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(datagram)
        peer.send(peer.request("OPTIONS", "o1"))
        while not (await peer.response()).startswith("SIP/2.0 200 OK"):
            pass


async def test_an_ack_of_nobodys_response_is_not_answered() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP))
        leg = await board.incoming.get()
        peer.send(peer.request("ACK", "c1"))  # neither its branch nor a tag
        leg.reject(486)
        assert (await peer.response()).startswith("SIP/2.0 486")


async def test_messages_that_cannot_be_parsed_are_counted() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(b"INVITE sip:x SIP/2.0\r\nVia: foo\r\n\r\n")
        await until(lambda: board.endpoint.dropped_messages == 1)


async def test_hostile_bytes_in_an_invite_reach_the_loop_as_clean_text() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        invite = peer.request("INVITE", "c1", body=SDP, headers=("X-Evil: AAAA",))
        peer.send(invite.replace(b"AAAA", b"a\xff\x1b[31mb"))
        leg = await board.incoming.get()
        assert dict(leg.invite.headers)["X-Evil"] == "a[31mb"
        leg.reject(403)
        assert (await peer.response()).startswith("SIP/2.0 403 Forbidden")


def named(message: str, header: str) -> list[str]:
    """Return what a header lists."""
    line = next(line for line in message.split("\r\n") if line.startswith(f"{header}: "))
    return line.partition(": ")[2].split(", ")


async def test_what_a_call_is_answered_with_allows_only_what_is_taken() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        caller = Dialog(peer)
        caller.send("INVITE", sdp())
        leg = await board.incoming.get()
        leg.answer()
        assert set(named(await caller.accepted(), "Allow")) == set(ALLOW.split(", "))
        await caller.let_go(leg)


async def test_a_call_that_requires_what_we_cannot_is_told_so() -> None:
    async with switchboard() as board, SipSocket(board.endpoint.port) as peer:
        peer.send(peer.request("INVITE", "c1", body=SDP, headers=("Require: precondition",)))
        answer = await peer.response()
        assert answer.startswith("SIP/2.0 420 ")
        assert named(answer, "Unsupported") == ["precondition"]
        await until(lambda: board.endpoint.calls_in_use == 0)
        assert board.incoming.empty()
