"""A backend agent whose runs go as the test says: stands in for the runner and its streams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.model import ModelProvider
from sipagent.agents.tools import ToolContext
from sipagent.calls.delegation import BackendRun
from sipagent.calls.delegation_approvals import Question, Verdict


@dataclass(slots=True)
class Item:
    """A tool that waits for approval."""

    name: str
    arguments: str
    agent: Agent


@dataclass(slots=True)
class State:
    """A paused run; notes what is decided."""

    decided: list[tuple[str, bool, str | None]] = field(default_factory=list)

    def approve(self, item: Item) -> None:
        """Note an approval."""
        self.decided.append((item.name, True, None))

    def reject(self, item: Item, *, message: str | None = None) -> None:
        """Note a rejection."""
        self.decided.append((item.name, False, message))


class Stream:
    """One run, or a part of it."""

    def __init__(self, final_output: Any = None, interruptions: Sequence[Item] = ()) -> None:
        self.final_output, self.interruptions = final_output, list(interruptions)
        self.state = State()
        self.error: Exception | None = None
        self.is_cancelled = False
        self.done = asyncio.Event()

    async def completed(self) -> None:
        """Wait until the test ends the run."""
        await self.done.wait()
        if self.error is not None:
            raise self.error

    def cancel(self) -> None:
        """Note that nobody waits any more."""
        self.is_cancelled = True


class Backend:
    """Runs that are given beforehand, and what was asked of them."""

    def __init__(self, *streams: Stream) -> None:
        self.streams = list(streams)
        self.given: list[Any] = []
        self.contexts: list[Any] = []
        self.began = asyncio.Event()
        self.agent = Agent("Back office")
        self.closed = 0

    def start(self) -> BackendRun:
        """Return what runs are made on."""
        return BackendRun(self.agent, cast(Any, self), cast(ModelProvider, self))

    def run(self, agent: Agent, given: Any, *, context: Any) -> Stream:
        """Begin the next run."""
        assert agent is self.agent
        self.given.append(given)
        self.contexts.append(context)
        self.began.set()
        return self.streams.pop(0)

    async def close(self) -> None:
        """Note that the provider was let go of."""
        self.closed += 1


class Person:
    """Answers questions when the test says so."""

    def __init__(self) -> None:
        self.questions: asyncio.Queue[Question] = asyncio.Queue()
        self.verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self.withdrawn = 0

    async def ask(self, question: Question) -> Verdict:
        """Take a question."""
        self.questions.put_nowait(question)
        try:
            return await self.verdicts.get()
        except asyncio.CancelledError:
            self.withdrawn += 1
            raise


def finished(final_output: Any = None, interruptions: Sequence[Item] = ()) -> Stream:
    """Return a run that has ended."""
    stream = Stream(final_output, interruptions)
    stream.done.set()
    return stream


def failed(error: Exception) -> Stream:
    """Return a run that ended so."""
    stream = finished()
    stream.error = error
    return stream


def tool_context(history: Sequence[dict[str, Any]] = ()) -> ToolContext:
    """Return what the tool of a call is told."""
    return ToolContext("the call", "t1", "Reception", "delegate", history=list(history))
