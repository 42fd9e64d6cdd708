"""The scripted caller: listens, waits for the agent to finish, speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sipagent.calls.phone import Phone
from sipagent.calls.speech import caller_speech
from sipagent.engine.tts.speaker import Speaker

from .timeline import Timeline

TURN_LIMIT_S = 20.0
ATTEMPTS = 2
PAUSE_S = 0.8

HEARD_SHARE = 0.5
"""Least share of what was told as played that must be voice in the caller's ear."""


@dataclass(slots=True)
class Caller:
    """Speak on ``phone``, and follow in ``timeline`` what the other end makes of it."""

    phone: Phone
    speaker: Speaker
    timeline: Timeline

    async def ask(self, text: str, is_understood: Callable[[], bool]) -> None:
        """Say ``text`` and hear the answer out; once more if the agent understood something else.

        People do that too, and lines lose words, all the more on a machine that is busy.
        """
        for _ in range(ATTEMPTS):
            answers = len(self.timeline.all("AgentSoundStarted"))
            await self.say(text)
            await self.listen(answers + 1)
            self.timeline.refresh()
            if is_understood() or self.phone.has_ended:
                return

    async def say(self, text: str) -> None:
        """Say ``text``."""
        self.phone.say(await caller_speech(text, self.speaker), self.speaker.rate_hz)
        await self.phone.until_said()

    async def listen(self, answers: int) -> None:
        """Wait until the agent's answer number ``answers`` was heard to its end."""
        await self.until(lambda: len(self.timeline.all("AgentSoundStarted")) >= answers)
        await self.until(lambda: len(self.timeline.all("AgentSaid")) >= answers)
        await self.phone.until_silent(PAUSE_S, TURN_LIMIT_S)

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait for something the timeline tells, or the end of the call.

        Raises:
            TimeoutError: If it does not come.
        """
        if not await self.timeline.until(lambda: predicate() or self.phone.has_ended, TURN_LIMIT_S):
            raise TimeoutError


def heard_whole(timeline: Timeline, phone: Phone) -> list[dict[str, Any]]:
    """Return what agents said that was neither cut off nor missing in the caller's ear."""
    return [entry for entry in _heard(timeline, phone) if not entry["interrupted"]]


def heard_cut(timeline: Timeline, phone: Phone) -> list[dict[str, Any]]:
    """Return what agents said that was heard until it was cut off."""
    return [entry for entry in _heard(timeline, phone) if entry["interrupted"]]


def _heard(timeline: Timeline, phone: Phone) -> list[dict[str, Any]]:
    started = {entry["item_id"]: entry["at"] for entry in timeline.all("AgentSoundStarted")}

    def is_heard(entry: dict[str, Any]) -> bool:
        begin = started.get(entry["item_id"], entry["at"])
        voiced_s = phone.ear.voiced_between(begin, begin + entry["heard_ms"] / 1000 + 0.3)
        heard_s: float = entry["heard_ms"] / 1000
        return 0 < HEARD_SHARE * heard_s <= voiced_s

    return [entry for entry in timeline.all("AgentSaid") if is_heard(entry)]


def says(words: str, timeline: Timeline) -> bool:
    """Tell whether an agent has said ``words``."""
    return any(words in entry["said"] for entry in timeline.all("AgentSaid"))


def calls_tool(name: str, timeline: Timeline) -> bool:
    """Tell whether an agent has called a tool."""
    return any(entry["name"] == name for entry in timeline.all("ToolCalled"))


def answers_tool(name: str, timeline: Timeline, said: list[dict[str, Any]]) -> bool:
    """Tell whether one of ``said`` has what a tool returned."""
    called = [entry for entry in timeline.all("ToolCalled") if not entry["failed"]]
    outputs = [tool["output"] for tool in called if tool["name"] == name]
    return any(output in entry["said"] for output in outputs for entry in said)


def step_lines(steps: list[tuple[str, bool]]) -> str:
    """Return a line for each step."""
    return "".join(f"  {'heard ' if is_heard else 'MISSED'}  {name}\n" for name, is_heard in steps)
