"""What is said on a call that lasts, turn by turn, made of its facts.

Turns have numbers, so that who hears of them twice knows which is which, and the time at which they
began to be heard: words of the caller are known later than the answer to them may be.

No I/O, no clock: facts bring their time.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from .api_shapes import TurnShown, defaults
from .channel import FactTold
from .clock import shown_time

MAX_TURNS = 500
"""The first ones go first."""

Fields: TypeAlias = dict[str, Any]


class Transcript:
    """The turns of one call."""

    def __init__(self) -> None:
        self._turns: dict[str, Fields] = {}
        self._changed: dict[str, Fields] = {}
        self._sounded_at: dict[str, float] = {}
        self._seq = self._acts = 0

    @property
    def turns(self) -> list[Fields]:
        """Return them, oldest first."""
        return sorted(self._turns.values(), key=lambda turn: str(turn["at"]))

    def take_changes(self) -> list[Fields]:
        """Return those that are new, or different, since the last time."""
        changed, self._changed = self._changed, {}
        return list(changed.values())

    def clear(self) -> None:
        """Forget them."""
        self._turns.clear()
        self._changed.clear()
        self._sounded_at.clear()

    def take(self, told: FactTold) -> None:
        """Take note of a fact."""
        fields = told.fields
        match told.name:
            case "CallerSpeechStarted" | "AgentSoundStarted":
                self._sounded_at[fields["item_id"]] = told.at
                self._change(fields["item_id"], at=shown_time(told.at))
            case "CallerSaid":
                self._say(told, "caller", text=fields["text"], heard=fields["text"])
            case "AgentWorded" if fields["item_id"] not in self._turns:
                self._say(told, "agent", agent=fields["agent"], text=fields["text"])
            case "AgentSaid" if fields["said"] or fields["item_id"] in self._turns:
                self._say(
                    told,
                    "agent",
                    agent=fields["agent"],
                    text=fields["said"],
                    heard=fields["heard"],
                    heard_ms=fields["heard_ms"],
                    interrupted=fields["interrupted"],
                )
                self._sounded_at.pop(fields["item_id"], None)
            case "OperatorActed":
                self._acts += 1
                item_id, text = f"operator {self._acts}", _acted(fields["act"], fields["what"])
                self._put(item_id, told.at, "operator", agent=fields["by"], text=text)
            case _:
                pass

    def _say(self, told: FactTold, who: str, **said: Any) -> None:
        self._put(told.fields["item_id"], told.at, who, **said)

    def _put(self, item_id: str, told_at: float, who: str, **said: Any) -> None:
        if item_id not in self._turns:
            self._seq += 1
            self._turns[item_id] = {
                "seq": self._seq,
                "at": shown_time(self._sounded_at.get(item_id, told_at)),
                "who": who,
                **defaults(TurnShown),
            }
            if len(self._turns) > MAX_TURNS:
                self._forget(next(iter(self._turns)))
        self._change(item_id, **said)

    def _change(self, item_id: str, **values: Any) -> None:
        if item_id in self._turns:
            self._turns[item_id] = self._changed[item_id] = self._turns[item_id] | values

    def _forget(self, item_id: str) -> None:
        for kept in (self._turns, self._changed, self._sounded_at):
            kept.pop(item_id, None)


def _acted(act: str, what: Fields) -> str:
    """Return in words what an operator had done."""
    values = [str(value) for value in what.values() if value and not isinstance(value, bool)]
    return " ".join([act.replace("_", " "), *values])
