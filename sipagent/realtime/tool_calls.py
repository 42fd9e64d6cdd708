"""Function calls of responses: which run, which are answered, when the model goes on.

A response's calls are looked up in what its agent was when it began, whoever speaks now. Their
outputs are sent as they come. The model is asked to go on once, when the last of them is out; or
after each, as the session's options say. A call id seen before is answered from memory, never run
again: hanging up twice is worse than not at all.

No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sipagent.agents.arguments import canonical_arguments
from sipagent.agents.handoffs import Handoff
from sipagent.agents.resolving import ResolvedAgent
from sipagent.agents.tools import FunctionTool, ToolOutcome

ResponsePolicy: TypeAlias = Literal["each", "all"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model called; to be run unless somebody must approve it."""

    response_id: str
    tool_call_id: str
    name: str
    arguments: str
    tool: FunctionTool
    agent: ResolvedAgent
    is_approved: bool = False


@dataclass(frozen=True, slots=True)
class HandoffCall:
    """A handoff the model called."""

    response_id: str
    tool_call_id: str
    arguments: str
    handoff: Handoff
    agent: ResolvedAgent


@dataclass(slots=True)
class _Known:
    fingerprint: str
    outcome: ToolOutcome | None = None


@dataclass(slots=True)
class _Batch:
    agent: ResolvedAgent
    pending: int = 0
    must_respond: bool = False
    is_done: bool = False
    was_cancelled: bool = False
    has_handed_off: bool = False


class ToolCalls:
    """Keep count of the calls of each response.

    Args:
        policy: When the model goes on.
    """

    def __init__(self, policy: ResponsePolicy = "all") -> None:
        self._policy = policy
        self._batches: dict[str, _Batch] = {}
        self._known: dict[str, _Known] = {}

    @property
    def pending(self) -> int:
        """How many calls have no output yet."""
        return sum(batch.pending for batch in self._batches.values())

    def begin(self, response_id: str, agent: ResolvedAgent) -> None:
        """Note that a response began while ``agent`` spoke."""
        self._batches.setdefault(response_id, _Batch(agent))

    def agent_of(self, response_id: str, default: ResolvedAgent) -> ResolvedAgent:
        """Return who was speaking when the response began; of one never announced, ``default``."""
        return self._batches.setdefault(response_id, _Batch(default)).agent

    def is_repeated(self, tool_call_id: str) -> bool:
        """Tell whether the call was seen before."""
        return tool_call_id in self._known

    def is_same(self, tool_call_id: str, name: str, arguments: str) -> bool:
        """Tell whether a call seen before was for the same."""
        return self._known[tool_call_id].fingerprint == _fingerprint(name, arguments)

    def outcome_of(self, tool_call_id: str) -> ToolOutcome | None:
        """Return what became of a call, None while it runs."""
        return self._known[tool_call_id].outcome

    def may_hand_off(self, response_id: str) -> bool:
        """Tell whether this is the first handoff of the response, and note it."""
        batch = self._batches[response_id]
        is_first = not batch.has_handed_off
        batch.has_handed_off = True
        return is_first

    def started(self, response_id: str, tool_call_id: str, name: str, arguments: str) -> None:
        """Note a call that has no output yet."""
        self._known[tool_call_id] = _Known(_fingerprint(name, arguments))
        self._batches[response_id].pending += 1

    def ended(self, response_id: str, tool_call_id: str, outcome: ToolOutcome) -> bool:
        """Note a call's output; return whether the model is to go on now."""
        self._known[tool_call_id].outcome = outcome
        batch = self._batches[response_id]
        batch.pending -= 1
        if self._policy == "each" and not batch.was_cancelled:
            self._is_owed(response_id)
            return outcome.must_respond
        batch.must_respond = batch.must_respond or outcome.must_respond
        return self._is_owed(response_id)

    def response_done(self, response_id: str, *, was_cancelled: bool) -> bool:
        """Note the end of a response; return whether the model is to go on now."""
        batch = self._batches.get(response_id)
        if batch is None:
            return False
        batch.is_done, batch.was_cancelled = True, was_cancelled
        return self._is_owed(response_id)

    def resumed(self) -> bool:
        """Note that ends of responses may have been missed; return whether the model is to go on.

        A response that goes on still ends once more, and that is nothing new then.
        """
        is_owed = False
        for response_id, batch in list(self._batches.items()):
            batch.is_done = True
            is_owed = self._is_owed(response_id) or is_owed
        return is_owed

    def _is_owed(self, response_id: str) -> bool:
        batch = self._batches[response_id]
        if not batch.is_done or batch.pending:
            return False
        del self._batches[response_id]
        # A cancelled response was cut off by the caller, whose own turn brings the next one.
        return batch.must_respond and not batch.was_cancelled


def _fingerprint(name: str, arguments: str) -> str:
    return f"{name} {canonical_arguments(arguments)}"
