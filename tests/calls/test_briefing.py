"""Who says what the target of a transfer is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.calls import briefing
from sipagent.calls.agent_voice import RATE_HZ
from sipagent.calls.briefing import Briefing
from sipagent.calls.setup import Prompt
from sipagent.errors import SessionError

PIECE_MS = 100
AGENTS, LOCAL = 1_000, 2_000
"""Levels, by which the voices are told apart."""


class Voices:
    """An agent that makes three pieces, and a local voice."""

    def __init__(self, *, pieces: int = 3, fails: bool = False, hangs: bool = False) -> None:
        self._pieces, self._fails, self._hangs = pieces, fails, hangs
        self.is_local = True
        self.is_over = asyncio.Event()
        self.asked: list[str] = []

    async def speak(self, words: str) -> AsyncIterator[Pcm]:
        """Say it as the agent."""
        self.asked.append(f"agent: {words}")
        try:
            for _ in range(self._pieces):
                yield np.full(PIECE_MS * RATE_HZ // 1000, AGENTS, np.int16)
            if self._hangs:
                await asyncio.Event().wait()
            if self._fails:
                raise SessionError("gone")
        finally:
            for _ in range(3):  # a session says goodbye
                await asyncio.sleep(0)
            self.is_over.set()

    async def say(self, words: str) -> Prompt | None:
        """Say it with the local voice."""
        self.asked.append(f"local: {words}")
        return Prompt(np.full(800, LOCAL, np.int16), 8_000) if self.is_local else None

    async def heard(self, words: str = "Ada.") -> tuple[Briefing, list[int]]:
        """Return the levels of what a target hears, each once."""
        made = Briefing(words, speak=self.speak, say=self.say)
        making = asyncio.get_running_loop().create_task(made.make(), name="making")
        pieces = [piece async for piece in made.pieces(8_000)]
        await making
        sound = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
        self.duration_ms = len(sound) // 8
        return made, sorted({int(round(each, -3)) for each in sound if each > 900})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait long."""
    monkeypatch.setattr(briefing, "READY_S", 0.05)
    monkeypatch.setattr(briefing, "STALL_S", 0.05)


async def test_the_agent_says_it() -> None:
    voices = Voices()
    made, levels = await voices.heard()
    assert (made.voice, levels, voices.duration_ms) == ("agent", [AGENTS], 300)
    assert voices.asked == ["agent: Ada."]
    assert voices.is_over.is_set()


async def test_an_agent_that_does_not_stop_is_cut() -> None:
    voices = Voices(pieces=round(3 * briefing.LONGEST_S * 1_000 / PIECE_MS))
    made, levels = await voices.heard()
    assert (made.voice, levels) == ("agent", [AGENTS])
    assert voices.duration_ms <= 1_000 * briefing.LONGEST_S + 2 * PIECE_MS
    assert voices.asked == ["agent: Ada."]


@pytest.mark.parametrize("hangs", [False, True])
async def test_where_it_cannot_the_local_voice_does(hangs: bool) -> None:
    voices = Voices(pieces=0, fails=not hangs, hangs=hangs)
    made, levels = await voices.heard()
    assert (made.voice, levels) == ("local", [LOCAL])
    assert voices.is_over.is_set()  # nothing is left open


@pytest.mark.parametrize("hangs", [False, True])
async def test_what_the_agent_did_not_finish_is_said_from_the_beginning(hangs: bool) -> None:
    voices = Voices(fails=not hangs, hangs=hangs)
    made, levels = await voices.heard()
    assert (made.voice, levels) == ("local", [AGENTS, LOCAL])
    assert voices.is_over.is_set()


async def test_an_agent_that_makes_no_sound_has_not_said_it() -> None:
    made, levels = await Voices(pieces=0).heard()
    assert (made.voice, levels) == ("local", [LOCAL])


async def test_without_any_voice_nothing_is_heard() -> None:
    voices = Voices(fails=True, pieces=0)
    voices.is_local = False
    made, levels = await voices.heard()
    assert (made.voice, levels) == ("", [])


async def test_without_words_nobody_is_asked() -> None:
    voices = Voices()
    made, levels = await voices.heard(" ")
    assert (made.voice, levels, voices.asked) == ("", [], [])


async def test_a_target_that_is_not_asked_any_more_ends_it() -> None:
    voices = Voices(hangs=True)
    made = Briefing("Ada.", speak=voices.speak, say=voices.say)
    making = asyncio.get_running_loop().create_task(made.make(), name="making")
    while not voices.asked:
        await asyncio.sleep(0)
    made.stop()
    await making
    assert voices.is_over.is_set()
    assert made.voice == ""


async def test_the_end_of_the_call_waits_until_nothing_is_left_open() -> None:
    voices = Voices(hangs=True)
    made = Briefing("Ada.", speak=voices.speak, say=voices.say)
    making = asyncio.get_running_loop().create_task(made.make(), name="making")
    while not voices.asked:
        await asyncio.sleep(0)
    making.cancel()
    await asyncio.wait([making])
    assert making.cancelled()
    assert voices.is_over.is_set()
