"""One turn: what to do next, given a response of the model and what its calls came to.

    a call nobody knows                    -->  answered so, or the run fails
    calls that may run                     -->  run, all at once
    calls that somebody must decide on     -->  the run pauses
    handoffs, when all tools are answered  -->  the first happens, the others are ignored
    tools that answer for the agent        -->  the run ends with what they said
    other calls, when all are answered     -->  the model is asked again
    no calls                               -->  the run ends with the message

No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sipagent.agents.handoffs import Handoff
from sipagent.agents.tools import FunctionTool
from sipagent.errors import ModelBehaviorError, RunStateError

from .agent import Agent, ToolResult
from .decisions import Decisions
from .items import RunItem
from .model import Json
from .resolving import ReadyAgent
from .saved_state import Cast, SavedTurn, saved_item

ToolNotFoundBehavior: TypeAlias = Literal["raise_error", "return_error_to_model"]


@dataclass(frozen=True, slots=True)
class Call:
    """A function call of a response."""

    call_id: str
    name: str
    arguments: str
    raw_item: Json = field(compare=False)


@dataclass(frozen=True, slots=True)
class AskModel:
    """Begin the next turn."""


@dataclass(frozen=True, slots=True)
class AnswerUnknown:
    """Answer calls of what there is not."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class RunTools:
    """Run calls, or find that somebody must decide on them."""

    calls: tuple[tuple[Call, FunctionTool], ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for somebody's word."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand over, and answer those calls that came too late for it."""

    call: Call
    handoff: Handoff
    ignored: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class UseResults:
    """All calls are answered: see whether their results are the final output."""

    results: tuple[ToolResult, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """End the run with a message; None when the response had none."""

    message: Json | None


Step: TypeAlias = AskModel | AnswerUnknown | RunTools | Pause | HandOver | UseResults | Finish


class Turn:
    """The calls of one response, and what became of them.

    Args:
        output: Of the response.

    Raises:
        ModelBehaviorError: If calls cannot be told apart.
    """

    def __init__(self, output: Sequence[Json]) -> None:
        self._output = output
        self.calls = tuple(_calls(output))
        self.answers: dict[str, RunItem] = {}
        """By call id."""
        self.asked: set[str] = set()
        """Ids of calls that somebody must decide on."""
        if len({call.call_id for call in self.calls} - {""}) < len(self.calls):
            raise ModelBehaviorError("the model used a call id twice, or none")

    @classmethod
    def from_saved(cls, saved: SavedTurn, output: Sequence[Json], cast: Cast) -> Turn:
        """Return the turn that was written.

        Raises:
            RunStateError: If it is not one of this ``output``.
        """
        try:
            turn = cls(output)
        except ModelBehaviorError as error:
            raise RunStateError(f"the saved run: {error}") from error
        answers = [cast.item(item) for item in saved.answers]
        turn.answers = {item.call_id: item for item in answers}
        turn.asked = set(saved.asked)
        if not turn.answers.keys() | turn.asked <= {call.call_id for call in turn.calls}:
            raise RunStateError("the saved run answers what was not called")
        return turn

    def to_saved(self) -> SavedTurn:
        """Return the turn to be written; its calls stand in the response."""
        answers = [saved_item(item) for item in self.answered_items()]
        return SavedTurn(answers=answers, asked=sorted(self.asked))

    def open_calls(self) -> list[Call]:
        """Return the calls that have no answer."""
        return [call for call in self.calls if call.call_id not in self.answers]

    def answered_items(self) -> list[RunItem]:
        """Return the answers so far in the order of the calls, however they came."""
        return [self.answers[call.call_id] for call in self.calls if call.call_id in self.answers]

    def waiting(
        self, agent_name: str, decisions: Decisions, blocked: Collection[str] = ()
    ) -> tuple[Call, ...]:
        """Return the calls somebody must still decide on, themselves or what they do.

        Args:
            agent_name: Who called.
            decisions: Of the run.
            blocked: Ids of calls that began and wait for somebody's word.
        """
        return tuple(
            call
            for call in self.open_calls()
            if call.call_id in blocked
            or (
                call.call_id in self.asked
                and decisions.of(call.call_id, agent_name, call.name) is None
            )
        )

    def next(self, ready: ReadyAgent, decisions: Decisions, blocked: Collection[str] = ()) -> Step:
        """Return what to do next.

        Args:
            ready: Who was asked, as it is now.
            decisions: Of the run.
            blocked: Ids of calls that began and wait for somebody's word.
        """
        if not self.calls:
            messages = [item for item in self._output if item.get("type") == "message"]
            return Finish(messages[-1] if messages else None)
        found = [(call, ready.find(call.name)) for call in self.open_calls()]
        unknown = tuple(call for call, target in found if target is None)
        if unknown:
            return AnswerUnknown(unknown)
        waiting = self.waiting(ready.agent.name, decisions, blocked)
        tools = [(call, each) for call, each in found if isinstance(each, FunctionTool)]
        if runnable := tuple(pair for pair in tools if pair[0] not in waiting):
            return RunTools(runnable)
        if waiting:
            return Pause()
        handoffs = [(call, each) for call, each in found if isinstance(each, Handoff)]
        if handoffs:
            (call, handoff), *others = handoffs
            return HandOver(call, handoff, tuple(other for other, _ in others))
        return self._answered(ready)

    def _answered(self, ready: ReadyAgent) -> Step:
        results: list[ToolResult] = []
        for call in self.calls:
            match ready.find(call.name):
                case FunctionTool() as tool:
                    output = self.answers[call.call_id].output
                    results.append(ToolResult(tool, output, call.call_id))
                case Handoff():  # it failed: the agent that wanted it is told, and goes on
                    return AskModel()
        return UseResults(tuple(results)) if results else AskModel()


def approval_item(call: Call, agent: Agent) -> RunItem:
    """Return the question whether ``call`` may run."""
    return RunItem("tool_approval_item", agent, call.raw_item)


def _calls(output: Sequence[Json]) -> Iterator[Call]:
    for item in output:
        if item.get("type") == "function_call":
            arguments = str(item.get("arguments") or "")
            yield Call(str(item.get("call_id", "")), str(item.get("name", "")), arguments, item)
