"""Calls that agents place: what becomes of them, over SIP and RTP."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from sipagent.audio.wav import read_wav
from sipagent.calls import facts
from sipagent.calls.setup import OutgoingSetup, RecordingSetup
from sipagent.calls.termination import Reason, Result
from sipagent.errors import SipError
from sipagent.sip.socket_budget import DIALS_PER_WINDOW

from .datagrams import SDP, SipSocket
from .dialling import CALL_ID, Dialling, dialling
from .far_end import far_end
from .harness import switchboard, told, until

STALL_S = 0.3
TURNS_WITHIN_THE_WAIT = 3
"""At once, and after one window and two of those that two seconds have."""


async def ringing(calls: Dialling, peer: SipSocket, **request: object) -> str:
    """Place a call that rings at ``peer``; return its INVITE."""
    calls.place(f"sip:bob@127.0.0.1:{peer.port}", **request)
    invite = await peer.received.get()
    peer.reply(invite, "180 Ringing")
    await calls.told.until(facts.CalleeRang)
    return invite


async def test_an_answered_call_is_greeted_and_recorded_as_outgoing(tmp_path: Path) -> None:
    async with far_end("answers") as uri, dialling(tmp_path) as calls:
        calls.place(uri, caller_id="+49301234", headers=(("X-Case", "7"),))
        await calls.told.until(facts.AgentSoundStarted)
        offered = await calls.told.until(facts.CallOffered)
        assert (offered.direction, offered.called) == ("outgoing", "agent")
        assert (offered.caller, bool(offered.sip_call_id)) == ("+49301234", True)
        answered = await calls.told.until(facts.CallAnswered)
        assert answered.codec == "PCMU"
        calls.desk.calls[CALL_ID].hang_up(Reason.OPERATOR_HUNG_UP)
        end = await calls.ended()
        assert (end.result, end.reason) == (Result.COMPLETED, Reason.OPERATOR_HUNG_UP)


async def test_a_callee_who_hangs_up_at_once_ends_the_call(tmp_path: Path) -> None:
    async with far_end("hangs up") as uri, dialling(tmp_path) as calls:
        calls.place(uri)
        end = await calls.ended()
        assert (end.result, end.reason) == (Result.COMPLETED, Reason.CALLEE_HUNG_UP)


@pytest.mark.parametrize(
    ("response", "headers", "reason", "detail"),
    [
        ("486 Busy Here", (), Reason.CALLEE_BUSY, "Busy Here"),
        (
            "480 Temporarily Unavailable",
            ('Reason: Q.850;cause=18;text="no user responding"',),
            Reason.NO_ANSWER,
            'Q.850;cause=18;text="no user responding"',
        ),
        ("603 Decline", (), Reason.DECLINED, "Decline"),
        ("404 Not Found", ("Reason: Q.850;cause=1",), Reason.WRONG_NUMBER, "Q.850;cause=1"),
        ("503 Service Unavailable", (), Reason.DIAL_FAILED, "Service Unavailable"),
        (
            "302 Moved Temporarily",
            ("Contact: <sip:premium@127.0.0.1:9>",),
            Reason.REDIRECTED,
            "Moved Temporarily",
        ),
    ],
)
async def test_a_refused_call_says_why(
    tmp_path: Path, response: str, headers: tuple[str, ...], reason: Reason, detail: str
) -> None:
    async with dialling(tmp_path) as calls, SipSocket(0) as peer:
        invite = await ringing(calls, peer)
        peer.reply(invite, response, headers=headers)
        end = await calls.ended()
        assert (end.reason, end.sip_status) == (reason, int(response[:3]))
        assert detail in end.detail
        assert not calls.model.heard[0].is_set()


async def test_a_telephone_that_rings_for_too_long_is_cancelled(tmp_path: Path) -> None:
    async with dialling(tmp_path) as calls, SipSocket(0) as peer:
        calls.place(f"sip:bob@127.0.0.1:{peer.port}", ring_s=0.3)
        peer.reply(await peer.received.get(), "180 Ringing")
        await peer.agrees_to("CANCEL")
        end = await calls.ended()
        assert (end.result, end.reason) == (Result.UNANSWERED, Reason.RING_TIMEOUT)


async def test_an_answer_that_crosses_our_cancel_is_hung_up(tmp_path: Path) -> None:
    async with dialling(tmp_path) as calls, SipSocket(0) as peer:
        invite = await ringing(calls, peer)
        calls.desk.calls[CALL_ID].hang_up(Reason.OPERATOR_HUNG_UP)
        while not (cancel := await peer.received.get()).startswith("CANCEL"):
            pass
        peer.reply(invite, "200 OK", body=SDP)
        peer.reply(cancel, "200 OK")
        await peer.agrees_to("BYE")
        end = await calls.ended()
        assert (end.result, end.reason) == (Result.ABANDONED, Reason.OPERATOR_HUNG_UP)


async def test_early_media_is_recorded_and_kept_from_the_agent(tmp_path: Path) -> None:
    async with (
        far_end("early media") as uri,
        dialling(tmp_path, recording=RecordingSetup(), outgoing=OutgoingSetup(ring_s=1.2)) as calls,
    ):
        calls.place(uri)
        end = await calls.ended()
        assert end.reason is Reason.RING_TIMEOUT
        assert not calls.model.heard[0].is_set()
        stereo, _ = read_wav(tmp_path / f"{CALL_ID}.wav")
        assert np.abs(stereo.astype(int)).max() > 2_000
        assert not any(isinstance(fact, facts.CalleeDetected) for _, fact in calls.told.facts)


async def test_a_session_that_cannot_be_had_rings_nobody_up_for_long(tmp_path: Path) -> None:
    async with dialling(tmp_path) as calls, SipSocket(0) as peer:
        calls.model.fault = "refuse"
        calls.place(f"sip:bob@127.0.0.1:{peer.port}")
        peer.reply(await peer.received.get(), "180 Ringing")
        await peer.agrees_to("CANCEL")
        end = await calls.ended()
        assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_REFUSED)


async def test_two_hundred_calls_to_a_peer_that_is_dead_take_no_more_than_there_are() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        uri = f"sip:bob@127.0.0.1:{peer.port}"
        dials = (board.endpoint.dial(uri) for _ in range(200))
        outcomes = await asyncio.gather(*dials, return_exceptions=True)
        legs = [each for each in outcomes if not isinstance(each, BaseException)]
        assert len(legs) == board.endpoint.call_limit
        assert board.endpoint.free_calls == 0
        assert all(isinstance(each, SipError) for each in outcomes if each not in legs)


async def test_a_call_given_up_is_not_free_before_its_peer_has_said_something() -> None:
    async with switchboard() as board, SipSocket(0) as peer:
        endpoint = board.endpoint
        leg = await endpoint.dial(f"sip:bob@127.0.0.1:{peer.port}")
        invite = await peer.received.get()
        leg.hang_up()
        await until(lambda: endpoint.calls_in_use == 0)
        assert endpoint.free_calls == endpoint.call_limit - 1
        peer.reply(invite, "486 Busy Here")
        await until(lambda: endpoint.free_calls == endpoint.call_limit)


async def test_two_hundred_calls_at_once_are_sent_one_after_the_other_or_refused() -> None:
    async with far_end("busy") as uri, switchboard() as board:
        statuses: list[int] = []

        async def dial() -> None:
            try:
                leg = await board.endpoint.dial(uri)
            except SipError:
                return
            statuses.append((await told(leg, "Disconnected")).status)

        # The first calls are late, so that the next ones come too soon: they wait again.
        board.endpoint._thread.post(lambda: time.sleep(STALL_S))
        await asyncio.gather(*(dial() for _ in range(200)))
        assert set(statuses) == {486}
        assert TURNS_WITHIN_THE_WAIT * DIALS_PER_WINDOW <= len(statuses) < 20
        leg = await board.endpoint.dial(uri)
        assert (await told(leg, "Disconnected")).status == 486
