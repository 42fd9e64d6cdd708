"""What a run waits for: calls that somebody must decide on, those of agents that are tools too.

Pure functions of a run's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .decisions import Decision
from .items import RunItem
from .turn import Call, approval_item

if TYPE_CHECKING:
    from .state import RunState


def interruptions(state: RunState) -> list[RunItem]:
    """Return the calls that somebody must decide on, or did, and that have not run yet."""
    items: list[RunItem] = []
    for call in open_calls(state):
        inner = state.nested.get(call.call_id)
        if inner is not None:
            items += interruptions(inner)
        elif state.turn is not None and call.call_id in state.turn.asked:
            items.append(approval_item(call, state.agent))
    return items


def undecided(state: RunState) -> list[RunItem]:
    """Return those of the interruptions that somebody must still decide on."""
    if state.turn is None:
        return []
    items: list[RunItem] = []
    for call in state.turn.waiting(state.agent.name, state.decisions, blocked(state)):
        inner = state.nested.get(call.call_id)
        items += [approval_item(call, state.agent)] if inner is None else undecided(inner)
    return items


def blocked(state: RunState) -> frozenset[str]:
    """Return the ids of calls of agents that wait for somebody's word."""
    return frozenset(call_id for call_id, inner in state.nested.items() if undecided(inner))


def open_calls(state: RunState) -> list[Call]:
    """Return the calls of the present turn that have no answer."""
    return [] if state.turn is None else state.turn.open_calls()


def decide(state: RunState, item: RunItem, decision: Decision, *, always: bool) -> bool:
    """Note a decision where the question is; return whether there is one."""
    wanted = (item.call_id, item.name, item.arguments)
    for call in open_calls(state):
        is_asked = state.turn is not None and call.call_id in state.turn.asked
        is_own = is_asked and call.call_id not in state.nested
        if is_own and (call.call_id, call.name, call.arguments) == wanted:
            name = state.agent.name
            state.decisions.decide(call.call_id, name, call.name, decision, always=always)
            return True
    return any(decide(inner, item, decision, always=always) for inner in state.nested.values())
