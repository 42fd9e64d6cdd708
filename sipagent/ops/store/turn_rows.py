"""What is said on one call, as rows of ``turns``: one for each item, told once or more. Pure.

A turn's moment is the one at which it began to be heard. So its row is the same whether it is
written while it is being said, or when it is over.
"""

from __future__ import annotations

from typing import Any

from sipagent.calls import facts

Turn = tuple[int, dict[str, Any]]
"""Its moment, Unix milliseconds, and its columns."""


class TurnRows:
    """The turns of one call."""

    def __init__(self) -> None:
        self._began_at_ms: dict[str, int] = {}
        self._gap_ms: dict[str, int | None] = {}

    def take(self, fact: facts.Fact, at_ms: int) -> Turn | None:
        """Return the row that ``fact`` makes, None if it makes none.

        Args:
            fact: Of the call.
            at_ms: A moment that no other fact of the call has.
        """
        match fact:
            case facts.CallerSpeechStarted(item_id=item_id):
                self._began_at_ms.setdefault(item_id, at_ms)
                return None
            case facts.AgentSoundStarted(item_id=item_id, gap_ms=gap_ms):
                self._began_at_ms.setdefault(item_id, at_ms)
                self._gap_ms.setdefault(item_id, gap_ms)
                return None
            case facts.CallerSaidSoFar(item_id=item_id, text=text):
                began_at_ms = self._began_at_ms.setdefault(item_id, at_ms)
                return began_at_ms, _caller_turn(item_id, text, unfinished=True)
            case facts.CallerSaid(item_id=item_id, text=text):
                began_at_ms = self._began_at_ms.pop(item_id, at_ms)
                return began_at_ms, _caller_turn(item_id, text, unfinished=False)
            case facts.AgentSaidSoFar(item_id=item_id):
                began_at_ms = self._began_at_ms.setdefault(item_id, at_ms)
                turn = _agent_turn(fact, interrupted=False, unfinished=True)
                return began_at_ms, {**turn, "gap_ms": self._gap_ms.get(item_id)}
            case facts.AgentSaid(item_id=item_id, interrupted=interrupted):
                began_at_ms = self._began_at_ms.pop(item_id, at_ms)
                turn = _agent_turn(fact, interrupted=interrupted, unfinished=False)
                return began_at_ms, {**turn, "gap_ms": self._gap_ms.pop(item_id, None)}
            case _:
                return None


def _caller_turn(item_id: str, text: str, *, unfinished: bool) -> dict[str, Any]:
    return {"is_caller": True, "item_id": item_id, "said": text, "unfinished": unfinished}


def _agent_turn(
    said: facts.AgentSaid | facts.AgentSaidSoFar, *, interrupted: bool, unfinished: bool
) -> dict[str, Any]:
    return {
        "who": said.agent,
        "item_id": said.item_id,
        "said": said.said,
        "heard": said.heard,
        "heard_ms": said.heard_ms,
        "interrupted": interrupted,
        "unfinished": unfinished,
    }
