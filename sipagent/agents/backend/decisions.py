"""What was decided about calls that need approval.

A decision on a call holds for that call, since endpoints may use its id again in a later turn. A
sticky one holds for a tool of an agent as long as the run lives, saved and resumed too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .saved_state import SavedDecision


@dataclass(frozen=True, slots=True)
class Decision:
    """Somebody's word."""

    is_approved: bool
    message: str | None = None
    """Exactly what the model is told of a rejection; None: what is always said."""


@dataclass(slots=True)
class Decisions:
    """Decisions of a run."""

    calls: dict[str, Decision] = field(default_factory=dict)
    """By call id, of the present turn."""
    sticky: dict[tuple[str, str], Decision] = field(default_factory=dict)
    """By names of agent and tool."""

    def decide(
        self, call_id: str, agent_name: str, tool_name: str, decision: Decision, *, always: bool
    ) -> None:
        """Note a decision; a second one on the same call is ignored."""
        if call_id in self.calls:
            return
        self.calls[call_id] = decision
        if always:
            self.sticky[agent_name, tool_name] = decision

    def of(self, call_id: str, agent_name: str, tool_name: str) -> Decision | None:
        """Return what was decided, of the call itself or of its tool; None: nothing yet."""
        return self.calls.get(call_id) or self.sticky.get((agent_name, tool_name))

    def share(self, outer: Decisions) -> None:
        """Have what is sticky hold in an outer run too, and the other way round."""
        outer.sticky |= self.sticky
        self.sticky = outer.sticky

    def to_saved(self) -> list[SavedDecision]:
        """Return the decisions to be written."""
        calls = [
            SavedDecision(call_id=call_id, is_approved=each.is_approved, message=each.message)
            for call_id, each in self.calls.items()
        ]
        return calls + [
            SavedDecision(
                agent=agent, tool=tool, is_approved=each.is_approved, message=each.message
            )
            for (agent, tool), each in self.sticky.items()
        ]

    @classmethod
    def from_saved(cls, saved: Iterable[SavedDecision]) -> Decisions:
        """Return the decisions that were written."""
        decisions = cls()
        for each in saved:
            decision = Decision(each.is_approved, each.message)
            if each.call_id is not None:
                decisions.calls[each.call_id] = decision
            elif each.agent is not None and each.tool is not None:
                decisions.sticky[each.agent, each.tool] = decision
        return decisions
