"""One call, driven for real: a real session over a real socket, a leg whose far end is the test."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sipagent.audio.tones import tone
from sipagent.calls import facts
from sipagent.calls.call import Call
from sipagent.calls.controller import CallPolicy
from sipagent.calls.facts import Fact, Observer
from sipagent.calls.incoming_controller import IncomingController
from sipagent.calls.leg_answer import LegAnswer
from sipagent.calls.setup import CallSetup, Prompt, Prompts, RecordingSetup
from sipagent.calls.termination import Reason, Result, Termination, session_failure
from sipagent.errors import SessionError, SessionLost, SessionRejected, SessionTimeout
from sipagent.realtime.rotation import RotationSettings
from sipagent.realtime.transport import Endpoint
from tests.fakes.faulty_endpoint import SAID, FaultyEndpoint, faulty_endpoint

from .leg import FarEnd, Told
from .talk import call_setup


class Running:
    """A call that runs, its far end, its endpoint and what it told."""

    def __init__(
        self, setup: CallSetup, endpoint: FaultyEndpoint, folder: Path, observer: Observer | None
    ) -> None:
        self.far_end, self.told, self.endpoint = FarEnd(), Told(), endpoint
        loop = asyncio.get_running_loop()
        self.call = Call(
            "c1",
            self.far_end.leg,
            setup,
            IncomingController(setup.policy),
            Endpoint(endpoint.url, "gpt-realtime"),
            observer or self.told,
            answer=LegAnswer(loop.time()),
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
        )
        self.ended = loop.create_task(self.call.run(), name="call")


@asynccontextmanager
async def calling(
    folder: Path,
    *,
    fault: str = "",
    setup: CallSetup | None = None,
    observer: Observer | None = None,
) -> AsyncIterator[Running]:
    """Place a call; the conference clock runs from the answer on."""
    async with faulty_endpoint() as endpoint:
        endpoint.fault = fault
        running = Running(setup or call_setup(greeting="Greet."), endpoint, folder, observer)
        async with running.far_end.clock():
            yield running
            await running.ended


async def test_a_call_rings_is_answered_greets_and_ends_with_the_caller(tmp_path: Path) -> None:
    async with calling(tmp_path) as running:
        await running.told.until(facts.AgentSoundStarted)
        running.far_end.hangs_up()
        end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
        assert running.far_end.sent == [180, 200]
        names = [name for name in running.told.names() if name != "RealtimeMessage"]
        assert names[:2] == ["SessionOpened", "CallAnswered"]
        assert names[-2:] == ["LineMeasured", "CallEnded"]


async def test_the_end_is_told_with_the_lines_figures_and_the_time_talked(tmp_path: Path) -> None:
    async with calling(tmp_path) as running:
        await running.told.until(facts.CallAnswered)
        running.far_end.hangs_up()
        await running.ended
        line = await running.told.until(facts.LineMeasured)
        assert (line.packets_in, line.packets_out, line.lost_in, line.lost_out) == (50, 60, 1, 2)
        assert (line.jitter_ms, line.rtt_ms) == (1.5, 20.0)
        ended = await running.told.until(facts.CallEnded)
        assert ended.extra == {}


async def test_digits_of_the_caller_are_told(tmp_path: Path) -> None:
    async with calling(tmp_path) as running:
        await running.told.until(facts.CallAnswered)
        running.far_end.presses("5")
        assert await running.told.until(facts.DigitPressed) == facts.DigitPressed("5")
        running.far_end.hangs_up()


@pytest.mark.parametrize(
    ("fault", "ready_within_s", "reason"),
    [("refuse", 30.0, Reason.SESSION_REFUSED), ("silent", 0.3, Reason.SESSION_TIMEOUT)],
)
async def test_an_endpoint_that_never_comes_up_is_apologised_for_and_the_leg_released(
    tmp_path: Path, fault: str, ready_within_s: float, reason: Reason
) -> None:
    setup = call_setup(policy=CallPolicy(ready_within_s=ready_within_s))
    async with calling(tmp_path, fault=fault, setup=setup) as running:
        end = await running.ended
        assert (end.result, end.reason, end.sip_status) == (Result.FAILED, reason, 200)
        assert running.far_end.sent[-1] == f'BYE Q.850;cause=41;text="{reason}"'
        assert running.far_end.media.heard("apology") == 100
        assert "AgentSoundStarted" not in running.told.names()


async def test_an_endpoint_that_dies_in_mid_call_is_apologised_for(tmp_path: Path) -> None:
    setup = call_setup(greeting="Greet.", rotation=RotationSettings(attempts=2))
    async with faulty_endpoint() as endpoint:
        running = Running(setup, endpoint, tmp_path, None)
        async with running.far_end.clock():
            await running.told.until(facts.AgentSoundStarted)
            endpoint.fault = "refuse"
            endpoint.kill(0)
            end = await running.ended
        assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_LOST)
        assert running.far_end.media.heard("apology") == 100
        assert running.told.names().count("CallEnded") == 1


async def test_a_call_outlives_its_session(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint:
        endpoint.tone_ms = 400
        running = Running(call_setup(greeting="Greet."), endpoint, tmp_path, None)
        async with running.far_end.clock():
            await running.told.until(facts.AgentSaid)
            endpoint.fault = "wait"
            endpoint.kill(0)
            await running.told.until(facts.SessionLost)
            while not running.far_end.media.heard("filler"):
                await asyncio.sleep(0)
            endpoint.may_enter.set()
            replaced = await running.told.until(facts.SessionReplaced)
            assert replaced.reason == "lost" and replaced.outage_ms > 0
            assert [each["item"]["content"] for each in endpoint.received if "item" in each] == [
                [{"type": "output_text", "text": SAID}]
            ]
            running.far_end.media.give_inbound(tone(300, 20, 8_000))
            await endpoint.heard[1].wait()
            await endpoint.speak(endpoint.sessions[1])
            await running.told.until(facts.AgentSaid, 2)
            running.far_end.hangs_up()
            assert (await running.ended).reason is Reason.CALLER_HUNG_UP


async def test_an_endpoint_that_hangs_after_a_loss_is_given_up_in_time(tmp_path: Path) -> None:
    setup = call_setup(greeting="Greet.", rotation=RotationSettings(give_up_after_s=0.1))
    async with faulty_endpoint() as endpoint:
        running = Running(setup, endpoint, tmp_path, None)
        async with running.far_end.clock():
            await running.told.until(facts.AgentSoundStarted)
            endpoint.fault = "hang"
            endpoint.kill(0)
            end = await running.ended
        assert (end.result, end.reason) == (Result.FAILED, Reason.SESSION_LOST)
        assert running.far_end.media.heard("apology") == 100
        assert running.far_end.sent[-1] == 'BYE Q.850;cause=41;text="session_lost"'


async def test_a_caller_may_hang_up_while_there_is_no_session(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint:
        running = Running(call_setup(greeting="Greet."), endpoint, tmp_path, None)
        async with running.far_end.clock():
            await running.told.until(facts.AgentSoundStarted)
            endpoint.fault = "hang"
            endpoint.kill(0)
            await running.told.until(facts.SessionLost)
            running.far_end.hangs_up()
            end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)


async def test_a_caller_who_gives_up_while_it_rings_is_on_record(tmp_path: Path) -> None:
    async with calling(tmp_path, fault="silent") as running:
        running.far_end.hangs_up()
        end = await running.ended
        assert (end.result, end.reason, end.sip_status) == (
            Result.ABANDONED,
            Reason.CALLER_CANCELLED,
            487,
        )
        ended = await running.told.until(facts.CallEnded)
        assert ended.duration_ms == 0


async def test_a_call_may_be_ended_from_any_thread(tmp_path: Path) -> None:
    async with calling(tmp_path) as running:
        await running.told.until(facts.AgentSoundStarted)
        await asyncio.to_thread(running.call.hang_up, Reason.OPERATOR_HUNG_UP, "by ada")
        end = await running.ended
        assert end == Termination(Result.COMPLETED, Reason.OPERATOR_HUNG_UP, "by ada")
        assert running.far_end.sent[-1] == 'BYE Q.850;cause=16;text="operator_hung_up"'


async def test_the_agents_hang_up_in_a_silent_call_does_not_wait(tmp_path: Path) -> None:
    async with calling(tmp_path, setup=call_setup()) as running:
        await running.told.until(facts.CallAnswered)
        running.call.hang_up(Reason.AGENT_HUNG_UP)
        assert (await running.ended).reason is Reason.AGENT_HUNG_UP


async def test_a_recorded_call_names_its_file(tmp_path: Path) -> None:
    setup = call_setup(greeting="Greet.", recording=RecordingSetup())
    async with calling(tmp_path / "new", setup=setup) as running:
        await running.told.until(facts.AgentSoundStarted)
        running.far_end.hangs_up()
        await running.ended
        recorded = await running.told.until(facts.CallRecorded)
        path = tmp_path / "new" / "c1.wav"
        assert recorded.path == str(path)
        assert recorded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_recording_that_cannot_be_written_ends_no_call(tmp_path: Path) -> None:
    setup = call_setup(greeting="Greet.", recording=RecordingSetup())
    (tmp_path / "c1.wav.part").symlink_to("/dev/full")
    async with calling(tmp_path, setup=setup) as running:
        await running.told.until(facts.AgentSoundStarted)
        running.far_end.hangs_up()
        assert (await running.ended).result is Result.COMPLETED
        assert (await running.told.until(facts.CallRecorded)).error


async def test_what_is_announced_is_heard_before_anybody_talks(tmp_path: Path) -> None:
    announcement = Prompt(tone(300, 2_000, 8_000), 8_000)
    prompts = Prompts(announcement, announcement=announcement)
    setup = call_setup(greeting="Greet.", policy=CallPolicy(announces=True), prompts=prompts)
    async with calling(tmp_path, setup=setup) as running:
        await running.told.until(facts.CallAnswered)
        media = running.far_end.media
        media.give_inbound(tone(200, 20, 8_000))
        await running.told.until(facts.AgentSoundStarted)
        assert media.heard("announcement") == 2_000
        assert running.told.names().count("AgentSoundStarted") == 1
        assert not running.endpoint.heard[0].is_set()
        running.far_end.hangs_up()


class Broken(Told):
    """An observer that fails at one kind of fact."""

    def __init__(self, kind: type[Fact]) -> None:
        super().__init__()
        self._kind = kind

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Note a fact, or fail."""
        super().tell(call_id, fact, at=at)
        if isinstance(fact, self._kind):
            raise ZeroDivisionError


@pytest.mark.parametrize(
    ("kind", "last", "status"),
    [
        (facts.SessionOpened, 500, 500),
        (facts.AgentSoundStarted, 'BYE Q.850;cause=41;text="internal error"', 200),
    ],
)
async def test_a_fault_of_ours_releases_the_leg_and_is_on_record(
    tmp_path: Path, kind: type[Fact], last: int | str, status: int
) -> None:
    told = Broken(kind)
    async with calling(tmp_path, observer=told) as running:
        end = await running.ended
        failed = Termination(Result.FAILED, Reason.INTERNAL_ERROR, "ZeroDivisionError", status)
        assert end == failed
        assert running.far_end.sent[-1] == last
        assert (await told.until(facts.CallEnded)).termination == failed


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SessionRejected("no", status=401), Reason.SESSION_REFUSED),
        (SessionTimeout("late"), Reason.SESSION_TIMEOUT),
        (SessionLost("gone"), Reason.SESSION_LOST),
        (SessionError("?"), Reason.SESSION_LOST),
    ],
)
def test_why_a_session_failed_is_one_word(error: SessionError, reason: Reason) -> None:
    assert session_failure(error) is reason
