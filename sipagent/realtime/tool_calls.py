"""Function calls of responses: which run, which are answered, when the model goes on.

All calls of a response run at once; their outputs are sent as they come; the model is asked to
go on once, when the last of them is out. A call id seen before is answered from memory, never
run again: hanging up twice is worse than not at all.

No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.tools import FunctionTool, ToolOutcome


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that must be run."""

    response_id: str
    tool_call_id: str
    name: str
    arguments: str
    tool: FunctionTool
    agent: RealtimeAgent
    """Who was speaking when the response began, whoever speaks now."""


@dataclass(slots=True)
class _Batch:
    agent: RealtimeAgent
    pending: int = 0
    must_respond: bool = False
    is_done: bool = False
    was_cancelled: bool = False
    has_handed_off: bool = False


class ToolCalls:
    """Keep count of the calls of each response."""

    def __init__(self) -> None:
        self._batches: dict[str, _Batch] = {}
        self._outcomes: dict[str, ToolOutcome | None] = {}

    def begin(self, response_id: str, agent: RealtimeAgent) -> None:
        """Note that a response began while ``agent`` spoke."""
        self._batches.setdefault(response_id, _Batch(agent))

    def agent_of(self, response_id: str, default: RealtimeAgent) -> RealtimeAgent:
        """Return who was speaking when the response began; of one never announced, ``default``."""
        return self._batches.setdefault(response_id, _Batch(default)).agent

    def is_repeated(self, tool_call_id: str) -> bool:
        """Tell whether the call was seen before."""
        return tool_call_id in self._outcomes

    def outcome_of(self, tool_call_id: str) -> ToolOutcome | None:
        """Return what became of a call, None while it runs."""
        return self._outcomes.get(tool_call_id)

    def may_hand_off(self, response_id: str) -> bool:
        """Tell whether this is the first handoff of the response, and note it."""
        batch = self._batch(response_id)
        is_first = not batch.has_handed_off
        batch.has_handed_off = True
        return is_first

    def started(self, response_id: str, tool_call_id: str) -> None:
        """Note a call that has no output yet."""
        self._outcomes[tool_call_id] = None
        self._batch(response_id).pending += 1

    def ended(self, response_id: str, tool_call_id: str, outcome: ToolOutcome) -> bool:
        """Note a call's output; return whether the model is to go on now."""
        self._outcomes[tool_call_id] = outcome
        batch = self._batch(response_id)
        batch.pending -= 1
        batch.must_respond = batch.must_respond or outcome.must_respond
        return self._is_owed(response_id)

    def response_done(self, response_id: str, *, was_cancelled: bool) -> bool:
        """Note the end of a response; return whether the model is to go on now."""
        batch = self._batches.get(response_id)
        if batch is None:
            return False
        batch.is_done, batch.was_cancelled = True, was_cancelled
        return self._is_owed(response_id)

    def _is_owed(self, response_id: str) -> bool:
        batch = self._batches[response_id]
        if not batch.is_done or batch.pending:
            return False
        del self._batches[response_id]
        # A cancelled response was cut off by the caller, whose own turn brings the next one.
        return batch.must_respond and not batch.was_cancelled

    def _batch(self, response_id: str) -> _Batch:
        return self._batches[response_id]
