"""What the owner of a run holds: its events, its end, what it made.

Events wait in a queue without bound, so that a run ends whether anybody reads them or not; one
reader takes them, once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from sipagent.agents.callbacks import settled

from .agent import Agent
from .events import TEXT_DELTA, RawModelStreamEvent, RunEvent
from .guardrails import GuardrailReport
from .items import RunItem
from .model import Json
from .state import RunState

CancelMode: TypeAlias = Literal["immediate", "after_turn"]


class TextWriter(Protocol):
    """Takes text, such as a file, or something with an async ``write``."""

    def write(self, text: str, /) -> Any: ...


class RunStream:
    """A run in progress, or over; made by ``Runner.run``.

    Args:
        state: Of the run.
    """

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.error: BaseException | None = None
        self.input_guardrail_results: list[GuardrailReport] = []
        self.output_guardrail_results: list[GuardrailReport] = []
        self._events: deque[RunEvent] = deque()
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._stop: Callable[[], None] = lambda: None
        self._is_read = self._is_error_told = False
        self._cancel_mode: CancelMode | None = None
        self.was_stopped = False
        """Whether the run was stopped before its end."""

    # Reading.

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        """Return the events to come; all that were told so far are among them.

        The iterator raises the run's error after the last event.

        Raises:
            RuntimeError: If somebody reads them already.
        """
        if self._is_read:
            raise RuntimeError("the events of a run have one reader")
        self._is_read = True
        return self._read()

    async def text(self) -> AsyncIterator[str]:
        """Yield the text of all agents as it is written, in place of the events."""
        async for event in self:
            if isinstance(event, RawModelStreamEvent) and event.data["type"] == TEXT_DELTA:
                yield event.data["delta"]

    async def pipe_to(self, writer: TextWriter) -> None:
        """Write the text to ``writer`` as it comes."""
        async for text in self.text():
            await settled(writer.write(text))

    async def completed(self) -> None:
        """Wait until the run is over: done, paused, cancelled or failed; events may be unread.

        Cancelling it does not cancel the run.

        Raises:
            Exception: The run's error.
        """
        await self._over.wait()
        if self.error is not None:
            raise self.error

    def cancel(self, mode: CancelMode = "immediate") -> None:
        """Stop the run; it can be gone on with from ``state``.

        Args:
            mode: ``immediate``: no more events, the model is hung up on, and tools, told by their
                context, may finish: what they did is not done again. ``after_turn``: when the
                present turn is over.
        """
        if self.is_over:
            return
        if self._cancel_mode != "immediate":
            self._cancel_mode = mode
        if mode == "immediate":
            self.was_stopped = True
            self._events.clear()
            self._changed.set()
            self._stop()

    # What it is.

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self._over.is_set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was stopped before its end."""
        return self.was_stopped

    @property
    def current_agent(self) -> Agent:
        """Who is asked now, or was last."""
        return self.state.agent

    @property
    def current_turn(self) -> int:
        """How often a model was asked."""
        return self.state.current_turn

    @property
    def max_turns(self) -> int | None:
        """How often it may be."""
        return self.state.max_turns

    @property
    def final_output(self) -> Any:
        """What the run came to, of the agent's ``output_type``; None until it is done."""
        return self.state.final_output

    @property
    def interruptions(self) -> list[RunItem]:
        """Calls that somebody must decide on before the run can go on; none while it goes on."""
        return self.state.interruptions if self.is_over else []

    @property
    def input(self) -> str | list[Json]:
        """What the run was given."""
        return self.state.given

    @property
    def history(self) -> list[Json]:
        """What its session had, what it was given and made, as items of the wire."""
        return self.state.history

    @property
    def output(self) -> list[Json]:
        """What it made, as items of the wire."""
        return [item.raw_item for item in self.state.new_items]

    @property
    def new_items(self) -> list[RunItem]:
        """What it made."""
        return self.state.new_items

    @property
    def raw_responses(self) -> Sequence[Json]:
        """Of the model, as they came."""
        return self.state.responses

    @property
    def last_response_id(self) -> str:
        """For ``previous_response_id`` of the next run."""
        return self.state.last_response_id

    # For the run itself.

    @property
    def cancel_mode(self) -> CancelMode | None:
        """How the run is to stop, None if it is not."""
        return self._cancel_mode

    def begin(self, stop: Callable[[], None]) -> None:
        """Note how the run is stopped at once."""
        self._stop = stop

    def tell(self, *events: RunEvent) -> None:
        """Queue events, unless nobody wants them any more."""
        if self._cancel_mode != "immediate":
            self._events.extend(events)
            self._changed.set()

    def end(self, error: BaseException | None = None) -> None:
        """Note the end of the run; one that was stopped at once has no error."""
        self.error = None if self._cancel_mode == "immediate" else error
        self._over.set()
        self._changed.set()

    async def _read(self) -> AsyncIterator[RunEvent]:
        while True:
            while self._events:
                yield self._events.popleft()
            if self.is_over or self._cancel_mode == "immediate":
                break
            self._changed.clear()
            await self._changed.wait()
        if self.error is not None:
            raise self.error
