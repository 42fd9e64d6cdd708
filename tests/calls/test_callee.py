"""Whoever answered a call of ours, between a leg and a realtime endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from sipagent.audio.frames import Pcm, silence
from sipagent.calls import facts
from sipagent.calls.call import Call
from sipagent.calls.controller import CallPolicy
from sipagent.calls.early_ear import ANSWERED_NOTE
from sipagent.calls.leg_answer import LegAnswer
from sipagent.calls.outgoing_controller import OutgoingController
from sipagent.calls.setup import OutgoingSetup, ScreeningSetup, VoicemailSetup
from sipagent.calls.termination import Reason, Termination
from sipagent.realtime.transport import Endpoint
from sipagent.sip.events import Confirmed, Disconnected, MediaStarted, Progressed
from tests.fakes.faulty_endpoint import FaultyEndpoint, faulty_endpoint

from .leg import FarEnd, Told
from .talk import call_setup

FRAME = 160


def buzz(duration_ms: int) -> Pcm:
    """Return what the ear takes for a voice."""
    at = np.arange(duration_ms * 8) / 8_000
    harmonics = sum(np.sin(2 * np.pi * 130 * n * at) / n for n in range(1, 12))
    voice: Pcm = (6_000 * harmonics * np.abs(np.sin(np.pi * at / 0.2))).astype(np.int16)
    return voice


class Called:
    """A call that we placed, its callee, its endpoint and what was told."""

    def __init__(self, endpoint: FaultyEndpoint, folder: Path, outgoing: OutgoingSetup) -> None:
        self.endpoint, self.callee, self.told = endpoint, FarEnd(), Told()
        loop = asyncio.get_running_loop()
        self._call = Call(
            "c1",
            self.callee.leg,
            call_setup(
                greeting="Greet.",
                outgoing=outgoing,
                session={"turn_detection": {"type": "server_vad", "create_response": True}},
            ),
            OutgoingController(
                CallPolicy(),
                ring_s=30.0,
                greets=outgoing.agent_speaks_first,
                hears_early=outgoing.hears_early,
            ),
            Endpoint(endpoint.url, "gpt-realtime"),
            self.told,
            answer=LegAnswer(loop.time(), is_outgoing=True),
            recordings_dir=folder,
            wall_clock=lambda: 0.0,
        )
        self.ended: asyncio.Task[Termination] = loop.create_task(self._call.run(), name="call")

    async def picks_up_at_once(self) -> None:
        """Answer without ringing, once the session is there; the media is told of afterwards."""
        leg = self.callee.leg
        await self.told.until(facts.SessionOpened)
        leg.new_media(8_000)
        leg.tell(Confirmed())
        leg.tell(MediaStarted("PCMU", 8_000))
        await self.told.until(facts.CallAnswered)

    async def picks_up(self, early: Pcm) -> None:
        """Ring with ``early`` media, then answer once the session is there."""
        leg = self.callee.leg
        leg.tell(Progressed(183))
        leg.new_media(8_000)
        leg.tell(MediaStarted("PCMU", 8_000))
        await self.told.until(facts.SessionOpened)
        await self.says(early)
        leg.tell(Confirmed())
        await self.told.until(facts.CallAnswered)

    async def says(self, pcm: Pcm) -> None:
        """Let the callee say something, faster than anybody could."""
        for at in range(0, len(pcm), FRAME):
            self.callee.media.give_inbound(pcm[at : at + FRAME])
            await asyncio.sleep(0)

    @property
    def asked(self) -> list[str | None]:
        """Instructions of the responses that the endpoint was asked for."""
        return [
            event.get("response", {}).get("instructions")
            for event in self.endpoint.received
            if event["type"] == "response.create"
        ]

    async def has_asked(self, count: int) -> list[str | None]:
        """Wait for so many responses to be asked for."""
        while len(self.asked) < count:
            await asyncio.sleep(0.005)
        return self.asked

    def detected(self) -> list[dict[str, object]]:
        """Return how the endpoint was to decide on turns, after the first session.update."""
        sessions = [
            event["session"]
            for event in self.endpoint.received
            if event["type"] == "session.update"
        ]
        detections = [session["audio"]["input"]["turn_detection"] for session in sessions[1:]]
        return [{"create_response": each["create_response"]} for each in detections]

    def hears(self) -> bool:
        """Tell whether any of the callee's audio reached the endpoint."""
        return self.endpoint.heard[0].is_set()


@asynccontextmanager
async def called(folder: Path, outgoing: OutgoingSetup) -> AsyncIterator[Called]:
    """Place a call that nobody has answered yet."""
    async with faulty_endpoint() as endpoint:
        endpoint.tone_ms = 200
        running = Called(endpoint, folder, outgoing)
        try:
            yield running
        finally:
            running.callee.hangs_up()
            await running.ended


LISTENS = OutgoingSetup(agent_speaks_first=False)


async def test_the_agent_hears_nothing_before_it_is_clear_who_answered(tmp_path: Path) -> None:
    async with called(tmp_path, LISTENS) as running:
        await running.picks_up(early=buzz(3_000))
        await running.says(buzz(600))
        assert not running.hears()
        await running.says(silence(8_000))
        detected = await running.told.until(facts.CalleeDetected)
        assert (detected.kind, 500 < detected.greeting_ms < 700) == ("human", True)
        async with asyncio.timeout(5):
            await running.endpoint.heard[0].wait()
        assert running.asked == []


async def test_a_callee_who_says_nothing_is_greeted(tmp_path: Path) -> None:
    async with called(tmp_path, LISTENS) as running:
        await running.picks_up(early=silence(800))
        await running.says(silence(8 * 3_100))
        assert await running.has_asked(1) == ["Greet."]


async def test_the_agent_greets_at_once_where_it_speaks_first(tmp_path: Path) -> None:
    async with called(tmp_path, OutgoingSetup()) as running:
        await running.picks_up(early=silence(800))
        assert await running.has_asked(1) == ["Greet."]
        await running.says(buzz(100))
        async with asyncio.timeout(5):
            await running.endpoint.heard[0].wait()


async def test_an_answer_may_be_told_before_its_media(tmp_path: Path) -> None:
    async with called(tmp_path, LISTENS) as running:
        await running.picks_up_at_once()
        await running.says(buzz(600))
        await running.says(silence(8_000))
        assert (await running.told.until(facts.CalleeDetected)).kind == "human"
        async with asyncio.timeout(5):
            await running.endpoint.heard[0].wait()


async def test_an_agent_that_listens_hears_the_network_before_the_answer_and_is_still(
    tmp_path: Path,
) -> None:
    outgoing = OutgoingSetup(hears_early=True)
    async with called(tmp_path, outgoing) as running:
        running.callee.leg.tell(Progressed(183))
        running.callee.leg.new_media(8_000)
        running.callee.leg.tell(MediaStarted("PCMU", 8_000))
        await running.told.until(facts.SessionOpened)
        await running.says(buzz(600))
        async with asyncio.timeout(5):
            await running.endpoint.heard[0].wait()
        assert running.asked == []
        running.callee.leg.tell(Confirmed())
        assert await running.has_asked(1) == ["Greet."]
        assert running.detected() == [{"create_response": False}, {"create_response": True}]
        kinds = [event["type"] for event in running.endpoint.received]
        assert kinds.index("input_audio_buffer.clear") < kinds.index("response.create")
        assert running.endpoint.received[-1]["type"] == "response.create"  # nobody was heard


async def test_an_agent_is_told_that_it_was_the_network_it_heard(tmp_path: Path) -> None:
    async with called(tmp_path, OutgoingSetup(hears_early=True)) as running:
        running.callee.leg.tell(Progressed(183))
        running.callee.leg.new_media(8_000)
        running.callee.leg.tell(MediaStarted("PCMU", 8_000))
        await running.told.until(facts.SessionOpened)
        await running.endpoint.says_heard("u1", "The number is not in service.")
        said = await running.told.until(facts.CallerSaid)
        assert said.text == "The number is not in service."
        running.callee.leg.tell(Confirmed())
        await running.has_asked(1)
        (note,) = [
            event["item"]
            for event in running.endpoint.received
            if event["type"] == "conversation.item.create"
        ]
        assert (note["role"], note["content"][0]["text"]) == ("system", ANSWERED_NOTE)


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_call_that_nobody_answered_ends_when_the_network_is_written_down(
    tmp_path: Path, is_heard: bool
) -> None:
    async with called(tmp_path, OutgoingSetup(hears_early=True)) as running:
        leg = running.callee.leg
        leg.tell(Progressed(183))
        leg.new_media(8_000)
        leg.tell(MediaStarted("PCMU", 8_000))
        await running.told.until(facts.SessionOpened)
        if is_heard:
            await running.endpoint.hears_begin("u1")
            await running.told.until(facts.CallerSpeechStarted)
        leg.tell(Disconnected(404, "Not Found", by_peer=True))
        if is_heard:
            while not any(
                event["type"] == "input_audio_buffer.commit" for event in running.endpoint.received
            ):
                await asyncio.sleep(0.005)
            await running.endpoint.says_heard("u1", "Not in service.")
        end = await running.ended
        assert end.reason is Reason.WRONG_NUMBER
        assert ("CallerSaid" in running.told.names()) is is_heard


async def test_a_machine_that_asks_who_calls_is_told(tmp_path: Path) -> None:
    outgoing = OutgoingSetup(
        agent_speaks_first=False,
        voicemail=VoicemailSetup("hang_up"),
        screening=ScreeningSetup("Say who calls.", ("state your name",)),
    )
    async with called(tmp_path, outgoing) as running:
        await running.picks_up(early=silence(800))
        await running.says(buzz(3_200))
        async with asyncio.timeout(5):
            await running.endpoint.heard[0].wait()
        await running.endpoint.says_heard("u1", "Please state your name.")
        assert await running.has_asked(1) == ["Say who calls."]
        assert (await running.told.until(facts.CalleeDetected)).kind == "screening"
        assert running.detected() == [{"create_response": False}, {"create_response": True}]
        assert not running.ended.done()


@pytest.mark.parametrize("agent_speaks_first", [True, False])
async def test_a_machine_is_hung_up_on(tmp_path: Path, agent_speaks_first: bool) -> None:
    outgoing = OutgoingSetup(
        agent_speaks_first=agent_speaks_first, voicemail=VoicemailSetup("hang_up")
    )
    async with called(tmp_path, outgoing) as running:
        await running.picks_up(early=silence(800))
        await running.says(buzz(3_200))
        end = await running.ended
        assert end.reason is Reason.MACHINE_ANSWERED
        assert any(str(each).startswith("BYE Q.850;cause=16") for each in running.callee.sent)


async def test_an_agent_that_spoke_to_a_machine_is_cut_off_and_deaf(tmp_path: Path) -> None:
    outgoing = OutgoingSetup(voicemail=VoicemailSetup("leave_message", "Leave it."))
    async with called(tmp_path, outgoing) as running:
        running.endpoint.tone_ms = 20_000
        await running.picks_up(early=silence(800))
        async with running.callee.clock():
            await running.told.until(facts.AgentSoundStarted)
            await running.says(buzz(3_200))
            said = await running.told.until(facts.AgentSaid)
            assert said.interrupted
            running.endpoint.tone_ms = 200
            await running.says(silence(8 * 3_200))
            assert (await running.has_asked(2))[1] == "Leave it."
            end = await running.ended
        assert end.reason is Reason.MESSAGE_LEFT
