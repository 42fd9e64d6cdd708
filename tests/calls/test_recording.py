"""The recording of a call: when it begins, what is kept out of it, and what is told of it."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path
from typing import Any, cast

import numpy as np

from sipagent.calls import facts
from sipagent.calls.part import CallHands
from sipagent.calls.recording import Recording
from sipagent.calls.setup import RecordingSetup
from sipagent.sip.events import MediaStarted
from sipagent.sip.media_port import MediaPort

MEDIA = MediaStarted("PCMU", 8_000)


class Line:
    """A call whose test is the conference clock."""

    def __init__(self, path: Path, setup: RecordingSetup) -> None:
        self.media: MediaPort | None = MediaPort(8_000, asyncio.get_running_loop(), lambda _: None)
        self.path = path / "calls" / "a.wav"
        self.told: list[facts.Fact] = []
        self.recording = Recording(self.path, setup)
        hands = CallHands(
            "c1",
            cast(Any, None),
            cast(Any, self),
            cast(Any, None),
            tell=self.told.append,
            post=lambda _: None,
            run=lambda work, name: None,
            now=lambda: 0.0,
            is_talking=lambda: True,
            dismiss=lambda: None,
        )
        self.recording.join(hands)

    def talk(self, caller: int, agent: int) -> None:
        """Let both sides say one frame."""
        assert self.media is not None
        self.media.give_inbound(np.full(160, caller, np.int16))
        self.media.push("a", np.full(160, agent, np.int16))
        self.media.take_outbound()

    async def kept(self) -> tuple[list[list[int]], facts.CallRecorded]:
        """End the call; return the first sample of each frame, and what was told."""
        await self.recording.close()
        (fact,) = self.told
        assert isinstance(fact, facts.CallRecorded)
        with wave.open(str(self.path)) as reader:
            samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
        both: list[list[int]] = samples[::160].tolist()
        return both, fact


async def test_a_call_is_recorded_from_its_first_media_on(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup())
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    kept, fact = await line.kept()
    assert kept == [[1, 7]]
    assert (fact.path, fact.consent, fact.duration_ms) == (str(line.path), "none", 20)
    assert (len(fact.sha256), fact.paused, fact.error) == (64, (), "")


async def test_a_recording_that_is_announced_says_so(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup("announce"))
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    assert (await line.kept())[1].consent == "announced"


async def test_a_pause_is_silent_on_both_sides_and_on_record(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup())
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    assert line.recording.pause().startswith("The recording is paused")
    line.talk(2, 8)
    line.talk(3, 9)
    assert line.recording.resume() == "The recording goes on."
    line.talk(4, 10)
    kept, fact = await line.kept()
    assert kept == [[1, 7], [0, 0], [0, 0], [4, 10]]
    assert fact.paused == ((20, 60),)


async def test_a_pause_ends_where_the_side_that_is_behind_goes_on(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup())
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    line.recording.pause()
    line.talk(2, 8)
    assert line.media is not None
    line.media.take_outbound()  # the caller's frame of this tick is still to come
    line.recording.resume()
    line.media.give_inbound(np.full(160, 3, np.int16))
    kept, fact = await line.kept()
    assert (kept, fact.paused) == ([[1, 7], [0, 0], [3, 0]], ((20, 40),))


async def test_a_pause_that_never_ended_lasts_to_the_end(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup())
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    line.recording.pause()
    line.talk(2, 8)
    kept, fact = await line.kept()
    assert (kept, fact.paused) == ([[1, 7], [0, 0]], ((20, 40),))


async def test_the_end_of_a_pause_does_not_bring_a_muted_caller_back(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup())
    line.recording.mute(caller=True)
    line.recording.handle(MEDIA)
    line.recording.pause()
    line.talk(1, 7)
    line.recording.resume()
    line.talk(2, 8)
    line.recording.mute(caller=False)
    line.talk(3, 9)
    assert (await line.kept())[0] == [[0, 0], [0, 8], [3, 9]]


async def test_nothing_is_kept_before_a_caller_who_is_asked_agrees(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup("ask"))
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    assert line.recording.start() == "The call is recorded from now on."
    line.talk(2, 8)
    kept, fact = await line.kept()
    assert (kept, fact.consent) == ([[2, 8]], "tool")


async def test_a_key_may_be_the_consent_and_no_other_key_is(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup("ask", "1"))
    line.recording.handle(MEDIA)
    line.recording.pressed("2")
    line.talk(1, 7)
    line.recording.pressed("1")
    line.talk(2, 8)
    kept, fact = await line.kept()
    assert (kept, fact.consent) == ([[2, 8]], "key")


async def test_who_never_agreed_leaves_no_file_and_no_fact(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup("ask"))
    line.recording.handle(MEDIA)
    line.talk(1, 7)
    assert await line.recording.close() == {}
    assert line.told == []
    assert list(tmp_path.iterdir()) == []


async def test_agents_are_told_what_their_wish_came_to(tmp_path: Path) -> None:
    line = Line(tmp_path, RecordingSetup("ask"))
    recording = line.recording
    media, line.media = line.media, None
    assert recording.start() == "There is no call."
    line.media = media
    assert recording.pause() == recording.resume() == "Nothing is being recorded."
    recording.start()
    assert recording.start() == "The call is being recorded already."
    assert recording.resume() == "The recording is not paused."
    recording.pause()
    assert recording.pause() == "The recording is paused already."
    await recording.close()
