"""Callers whom no agent can serve: refused, sent on, told why, or just released."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sipagent.calls import facts
from sipagent.calls.commands import (
    Answer,
    CloseSession,
    HangUp,
    PlayApology,
    Refuse,
    TransferCaller,
)
from sipagent.calls.controller import REFER_LIMIT_S, TAIL_S, CallPolicy
from sipagent.calls.events import (
    ApologyPlayed,
    CallStarted,
    LegConfirmed,
    LegDisconnected,
    SessionFailed,
    SessionReady,
    TimerFired,
    TransferProgressed,
)
from sipagent.calls.fallback import DuringCall, Fallback
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.termination import Reason, Result
from sipagent.realtime.rotation import RotationSettings
from tests.fakes.faulty_endpoint import faulty_endpoint

from .talk import call_setup
from .test_call import Running
from .test_incoming_controller import ended_as, talking_call

TRANSFER = Fallback("transfer", "transfer", "transfer", target="desk", target_uri="tel:1")


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (Reason.SESSION_LOST, "transfer"),
        (Reason.SESSION_ERROR, "hang_up"),
        (Reason.SESSION_TIMEOUT, "apology"),
    ],
)
def test_each_kind_of_failure_has_its_own(reason: Reason, action: DuringCall) -> None:
    assert Fallback("refuse", "transfer", "hang_up").during_call(reason) == action


def lost(fallback: Fallback, reason: Reason = Reason.SESSION_LOST) -> IncomingController:
    controller = talking_call(CallPolicy(fallback=fallback))
    assert controller.handle(SessionFailed(reason, "1006"), now=5.0) == [
        CloseSession(),
        PlayApology(),
    ]
    assert controller.handle(ApologyPlayed(), now=6.0) == []
    return controller


def test_a_caller_is_sent_on_when_the_apology_was_heard() -> None:
    controller = lost(TRANSFER)
    referred = controller.handle(TimerFired(), now=6.0 + TAIL_S)
    assert referred == [TransferCaller("desk", "tel:1")]
    assert controller.handle(TransferProgressed(180, is_final=False), now=7.0) == []
    assert controller.handle(SessionFailed(Reason.SESSION_LOST, ""), now=7.5) == []
    assert controller.handle(TransferProgressed(200, is_final=True), now=8.0) == [
        CloseSession(),
        HangUp(41, "session_lost"),
    ]
    ended = list(controller.handle(LegDisconnected(200, by_peer=False), now=8.1))
    assert ended_as(list(ended)) == (Result.FAILED, Reason.SESSION_LOST, 200)
    assert "1006; the caller is transferred to desk" in str(ended[-1])


@pytest.mark.parametrize("fails", [True, False])
def test_a_transfer_that_comes_to_nothing_ends_the_call(fails: bool) -> None:
    controller = lost(TRANSFER)
    controller.handle(TimerFired(), now=6.0 + TAIL_S)
    if fails:
        released = controller.handle(TransferProgressed(486, is_final=True), now=7.0)
    else:
        assert controller.deadline() == 6.0 + TAIL_S + REFER_LIMIT_S
        released = controller.handle(TimerFired(), now=6.0 + TAIL_S + REFER_LIMIT_S)
    assert released == [CloseSession(), HangUp(41, "session_lost")]


def test_a_caller_who_hangs_up_meanwhile_ends_the_call() -> None:
    controller = lost(TRANSFER)
    controller.handle(TimerFired(), now=6.0 + TAIL_S)
    ended = controller.handle(LegDisconnected(200, by_peer=True), now=7.0)
    assert ended_as(list(ended))[1] is Reason.SESSION_LOST


def test_a_plan_may_just_hang_up() -> None:
    controller = talking_call(CallPolicy(fallback=Fallback(lost="hang_up")))
    assert controller.handle(SessionFailed(Reason.SESSION_LOST, ""), now=5.0) == [
        CloseSession(),
        HangUp(41, "session_lost"),
    ]


def test_a_call_is_refused_with_the_plans_status() -> None:
    controller = IncomingController(CallPolicy(fallback=Fallback("refuse", status=480)))
    controller.handle(CallStarted(), now=0.0)
    refused = controller.handle(SessionFailed(Reason.SESSION_REFUSED, "401"), now=0.1)
    assert refused == [CloseSession(), Refuse(480, "")]


def test_a_caller_who_was_never_served_is_sent_on() -> None:
    controller = IncomingController(CallPolicy(fallback=TRANSFER))
    controller.handle(CallStarted(), now=0.0)
    failed = controller.handle(SessionFailed(Reason.SESSION_REFUSED, "401"), now=0.1)
    assert failed == [CloseSession(), Answer()]
    assert controller.handle(SessionReady(), now=0.2) == []
    assert controller.handle(LegConfirmed(), now=0.3) == [PlayApology()]
    assert controller.handle(ApologyPlayed(), now=1.0) == []
    assert controller.handle(TimerFired(), now=1.0 + TAIL_S) == [TransferCaller("desk", "tel:1")]


async def test_a_call_whose_endpoint_dies_is_sent_on(tmp_path: Path) -> None:
    setup = call_setup(
        greeting="Greet.",
        rotation=RotationSettings(attempts=1),
        policy=CallPolicy(fallback=TRANSFER),
    )
    async with faulty_endpoint() as endpoint:
        running = Running(setup, endpoint, tmp_path, None)
        async with running.far_end.clock():
            await running.told.until(facts.AgentSoundStarted)
            endpoint.fault = "refuse"
            endpoint.kill(0)
            assert (await running.told.until(facts.TransferStarted)).target == "desk"
            while running.far_end.sent[-1] != "REFER <tel:1>":
                await asyncio.sleep(0.005)
            running.far_end.notifies(180)
            running.far_end.notifies(200)
            end = await running.ended
    assert running.far_end.media.heard("apology") == 100
    assert (end.reason, end.detail.endswith("; the caller is transferred to desk")) == (
        Reason.SESSION_LOST,
        True,
    )
    assert (await running.told.until(facts.TransferEnded)).outcome == "completed"
