"""A SIP leg as the engine's session sees it; the test is the caller and the conference clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.connector.sip_leg import CAPACITY, NO_ACK, NORMAL_CLEARING, TRANSFERRED, SipLeg
from sipagent.engine.leg import (
    CallerAudio,
    DigitReceived,
    FirstFramePlayed,
    ItemPlayed,
    LegAnswered,
    LegEnded,
    LegEvent,
)
from sipagent.sip.events import Confirmed, Held, MediaStarted, ReferProgressed, Resumed
from tests.calls.leg import INVITE, FarEnd

FRAME = np.full(160, 7, np.int16)
TARGET = "sip:ada@example.org"


class Caller(FarEnd):
    """Keeps the headers of responses, and the REFERs it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[tuple[str, str]] = []
        self.referred: list[str] = []
        self.agrees = True
        """Whether a BYE is answered."""

    def send_answer(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Take a response."""
        self.headers = list(headers)
        super().send_answer(status, reason, headers)

    def send_bye(self, headers: Sequence[tuple[str, str]] = (), *, unanswered: int = 0) -> None:
        """Take a BYE."""
        if self.agrees:
            super().send_bye(headers)
        else:
            self.sent.append(f"BYE {dict(headers)['Reason']}")

    def send_refer(self, refer_to: str) -> None:
        """Take a REFER."""
        self.referred.append(refer_to)

    async def said(self, *frames: Pcm) -> None:
        """Say some frames."""
        for frame in frames:
            self.media.give_inbound(frame)
        await asyncio.sleep(0)


@asynccontextmanager
async def joined(**limits: float) -> AsyncIterator[tuple[Caller, SipLeg]]:
    """Yield a caller who waits, and the leg; it is followed until the end of the block."""
    caller = Caller()
    leg = SipLeg(caller.leg, **limits)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(leg.run(), name="leg")
        yield caller, leg
        following.cancel()


async def answered(leg: SipLeg) -> None:
    leg.answer()
    assert await leg.events.get() == LegAnswered(8_000)


async def rest(leg: SipLeg) -> list[LegEvent]:
    """Return what comes up to the end."""
    events = [await leg.events.get()]
    while not isinstance(events[-1], LegEnded):
        events.append(await leg.events.get())
    return events


async def test_the_headers_of_the_invite_are_told_in_order() -> None:
    headers = (("Via", "a"), ("Via", "b"), ("From", "<sip:x@y>"))
    async with joined() as (caller, leg):
        caller.leg.invite = replace(INVITE, headers=headers)
        assert leg.sip_headers == headers


async def test_an_answered_caller_is_told_once_both_media_and_ack_are_there() -> None:
    async with joined() as (caller, leg):
        caller.acknowledges = False
        leg.answer()
        await settled(leg)
        assert (caller.sent, leg.events.qsize()) == ([200], 0)
        caller.leg.tell(Confirmed())
        assert await leg.events.get() == LegAnswered(8_000)


async def test_media_may_come_after_the_ack() -> None:
    async with joined() as (caller, leg):
        caller.leg.tell(Confirmed())
        await settled(leg)
        assert leg.events.empty()
        caller.leg.new_media(16_000)
        caller.leg.tell(MediaStarted("G722", 16_000))
        assert await leg.events.get() == LegAnswered(16_000)


async def settled(leg: SipLeg) -> None:
    """Let everything told so far go its way."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_the_caller_says_comes_in_order_and_whole() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        await caller.said(FRAME, 2 * FRAME)
        await caller.said(3 * FRAME)
        heard: list[int] = []
        while len(heard) < 3:
            event = await leg.events.get()
            assert isinstance(event, CallerAudio)
            heard += [int(frame[0]) for frame in event.frames]
        assert heard == [7, 14, 21]


async def test_what_was_said_before_the_ack_is_not_lost() -> None:
    async with joined() as (caller, leg):
        caller.acknowledges = False
        leg.answer()
        await caller.said(FRAME)
        caller.leg.tell(Confirmed())
        assert isinstance(await leg.events.get(), LegAnswered)
        assert isinstance(await leg.events.get(), CallerAudio)


async def test_a_key_is_told() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        caller.presses("5")
        assert await leg.events.get() == DigitReceived("5")


async def test_what_is_played_is_told() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        leg.push("item", FRAME)
        leg.finish("item")
        caller.media.take_outbound()
        assert await leg.events.get() == FirstFramePlayed("item")
        assert await leg.events.get() == ItemPlayed("item")
        assert leg.heard("item") == 20


async def test_a_flush_stops_and_tells_what_was_heard() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        leg.push("item", np.tile(FRAME, 10))
        caller.media.take_outbound()
        (heard,) = leg.flush()
        assert heard.item_id == "item"
        assert 20 <= heard.heard_ms < 200
        assert caller.media.queued_ms < 200


async def test_hold_is_nothing_a_session_knows() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        for event in (Held(), Resumed()):
            caller.leg.tell(event)
        caller.presses("1")
        assert await leg.events.get() == DigitReceived("1")


async def test_the_end_is_the_last_event_and_after_what_was_said() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        caller.media.give_inbound(FRAME)
        caller.hangs_up()
        *before, end = await rest(leg)
        assert [type(event) for event in before] == [CallerAudio]
        assert end == LegEnded("200")
        await settled(leg)
        assert leg.events.empty()


async def test_a_caller_who_gives_up_is_the_end() -> None:
    async with joined() as (caller, leg):
        caller.hangs_up()
        assert await rest(leg) == [LegEnded("487")]


async def test_a_rejected_caller_is_the_end() -> None:
    async with joined() as (caller, leg):
        leg.reject(486)
        assert await rest(leg) == [LegEnded("486")]
        assert (caller.sent, caller.headers) == ([486], [])


async def test_hanging_up_says_why() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        leg.hang_up()
        assert await rest(leg) == [LegEnded("200")]
        assert caller.sent[-1] == f"BYE {NORMAL_CLEARING}"


async def test_a_caller_whose_phone_never_acknowledges_is_hung_up() -> None:
    async with joined(confirm_limit_s=0.01) as (caller, leg):
        caller.acknowledges = False
        leg.answer()
        assert await rest(leg) == [LegEnded("200")]
        assert caller.sent == [200, f"BYE {NO_ACK}"]


async def test_an_acknowledged_call_is_not_hung_up_later() -> None:
    async with (
        joined(confirm_limit_s=0.5) as (caller, leg),
        joined(confirm_limit_s=0.5) as (other, late),
    ):
        await answered(leg)
        other.acknowledges = False
        late.answer()
        await rest(late)
        assert caller.sent == [200]


async def test_an_ack_after_our_bye_does_not_make_us_wait_for_ever() -> None:
    async with joined(release_limit_s=0.01) as (caller, leg):
        caller.acknowledges = caller.agrees = False
        leg.answer()
        leg.refer(TARGET)
        leg.hang_up()
        caller.leg.tell(Confirmed())
        assert (await rest(leg))[-1] == LegEnded("408 Request Timeout")
        assert caller.referred == []


async def test_a_phone_that_does_not_answer_our_bye_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with joined(release_limit_s=0.01) as (caller, leg):
        await answered(leg)
        caller.agrees = False
        leg.hang_up()
        assert await rest(leg) == [LegEnded("408 Request Timeout")]
        assert caller.sent == [200, f"BYE {NORMAL_CLEARING}"]
    assert "leg sip-1 ! no answer to BYE" in caplog.messages


async def test_nothing_is_awaited_of_a_phone_that_is_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        joined(release_limit_s=0.01) as (caller, leg),
        joined(release_limit_s=0.01) as (other, later),
    ):
        await answered(leg)
        await answered(later)
        caller.hangs_up()
        await rest(leg)
        leg.hang_up()
        other.agrees = False
        later.hang_up()
        await rest(later)
    assert [line for line in caplog.messages if "no answer" in line] == [
        "leg sip-1 ! no answer to BYE"
    ]


async def test_a_caller_who_was_not_answered_is_redirected() -> None:
    async with joined() as (caller, leg):
        leg.refer(TARGET)
        assert await rest(leg) == [LegEnded("302")]
        assert caller.headers == [("Contact", f"<{TARGET}>")]
        assert caller.referred == []


async def test_an_answered_caller_is_referred_and_stays_until_the_other_end_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        leg.refer(TARGET)
        assert caller.referred == [f"<{TARGET}>"]
        caller.leg.tell(ReferProgressed(202, is_final=False))
        caller.leg.tell(ReferProgressed(180, is_final=False))
        await settled(leg)
        assert caller.sent == [200]
        caller.leg.tell(ReferProgressed(200, is_final=True))
        assert await rest(leg) == [LegEnded("200")]
        assert caller.sent == [200, f"BYE {TRANSFERRED}"]
    assert caplog.messages == []


async def test_a_refer_between_answer_and_ack_waits_for_the_ack() -> None:
    async with joined() as (caller, leg):
        caller.acknowledges = False
        leg.answer()
        leg.refer(TARGET)
        await settled(leg)
        assert (caller.sent, caller.referred) == ([200], [])
        caller.leg.tell(Confirmed())
        await leg.events.get()
        await settled(leg)
        assert caller.referred == [f"<{TARGET}>"]


@pytest.mark.parametrize("status", [405, 486, 603])
async def test_a_refer_that_failed_leaves_the_call_up(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        leg.refer(TARGET)
        with caplog.at_level(logging.WARNING):
            caller.leg.tell(ReferProgressed(status, is_final=True))
            caller.presses("1")
            assert await leg.events.get() == DigitReceived("1")
        assert caller.sent == [200]
        assert f"leg sip-1 ! REFER failed: {status}" in caplog.messages


async def test_a_target_that_is_no_uri_leaves_the_call_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        leg.refer("sip:é@example.org")
        caller.presses("1")
        assert await leg.events.get() == DigitReceived("1")
        assert (caller.sent, caller.referred) == ([200], [])
        assert any(line.startswith("leg sip-1 ! not a URI") for line in caplog.messages)


async def test_a_session_that_does_not_keep_up_loses_no_event_and_bounds_the_queue() -> None:
    async with joined() as (caller, leg):
        await answered(leg)
        for _ in range(3 * CAPACITY):
            await caller.said(FRAME)
            await settled(leg)
        assert leg.events.qsize() == CAPACITY
        caller.presses("9")
        caller.hangs_up()
        events = await rest(leg)
        assert DigitReceived("9") in events
        frames = sum(len(each.frames) for each in events if isinstance(each, CallerAudio))
        assert frames == 3 * CAPACITY
