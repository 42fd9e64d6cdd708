"""The calls there are, and those that were a moment ago, as the API shows them.

    unknown --placed, or a fact--> live --CallEnded, or its process is gone--> ended
    ended   --KEPT_S later-->      unknown: it is in the store
    ended   --CallOffered-->       live: another process took it up again

No I/O, no clock. A ``source`` is whatever process has the call.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from .channel import DialAsked, FactTold
from .live_call import LiveCall
from .live_cost import LiveCost
from .live_transcript import Fields
from .store.costs import Price
from .store.cut_off import DETAIL, REASON, RESULT

KEPT_S = 60.0
"""How long a call that is over is listed."""


class LiveCalls:
    """Keep them.

    Args:
        prices: By model.
        model: Of calls whose session did not say.
    """

    def __init__(self, prices: Mapping[str, Price], model: str) -> None:
        self._prices, self._model = prices, model
        self._calls: dict[str, LiveCall] = {}
        self._placed: set[str] = set()
        self._changed: dict[str, LiveCall] = {}
        self._dropped: list[str] = []

    @property
    def placed_count(self) -> int:
        """Return how many that were asked for here are not over."""
        return len(self._placed)

    # What happens.

    def told(self, source: Hashable, facts: Sequence[FactTold]) -> None:
        """Take note of what happened on the calls of a process."""
        for fact in facts:
            call = self._calls.get(fact.call_id)
            if call is None:
                if fact.name != "CallOffered":
                    continue  # the beginning was dropped, or it is long over
                call = self._add(LiveCall(fact.call_id, source, fact.at, self._new_cost()))
            call.source = source
            call.take(fact)
            self._changed[fact.call_id] = call
            if call.ended_at is not None:
                self._placed.discard(fact.call_id)

    def placed(self, source: Hashable, asked: DialAsked, at: float) -> None:
        """Note a call that a process is asked to place."""
        known: Fields = {
            "direction": "outgoing",
            "state": "dialling",
            "plan": asked.plan,
            "called": asked.to,
            "trunk": asked.trunk,
        }
        self._add(LiveCall(asked.call_id, source, at, self._new_cost(), **known))
        self._placed.add(asked.call_id)

    def not_placed(self, call_id: str) -> None:
        """Forget a call that came to nothing."""
        if self._calls.pop(call_id, None) is not None:
            self._placed.discard(call_id)
            self._changed.pop(call_id, None)
            self._dropped.append(call_id)

    def gone(self, source: Hashable, at: float) -> None:
        """Note that a process ended."""
        for call in self._calls.values():
            if call.source == source and call.ended_at is None:
                call.end(RESULT, REASON, at=at, detail=DETAIL)
                self._changed[call.call_id] = call
                self._placed.discard(call.call_id)

    def expire(self, now: float) -> None:
        """List no more what was over long ago."""
        for call in list(self._calls.values()):
            if call.ended_at is not None and now >= call.ended_at + KEPT_S:
                del self._calls[call.call_id]
                self._changed.pop(call.call_id, None)
                self._dropped.append(call.call_id)

    # What is shown.

    def listed(self) -> list[Fields]:
        """Return the calls there are, oldest first, without what was said."""
        return [dict(call.shown) for call in self._calls.values()]

    def shown(self, call_id: str) -> Fields | None:
        """Return one call, with its transcript; None: it is none of those that are listed."""
        call = self._calls.get(call_id)
        if call is None:
            return None
        return {**call.shown, "transcript": call.transcript.turns, "record": None}

    def source_of(self, call_id: str) -> Hashable | None:
        """Return which process has a call that is not over."""
        call = self._calls.get(call_id)
        return call.source if call is not None and call.ended_at is None else None

    @property
    def has_changes(self) -> bool:
        """Tell whether :meth:`take_changes` has something to tell."""
        return bool(self._changed or self._dropped)

    def take_changes(self) -> tuple[list[Fields], list[str]]:
        """Return what is different since the last time, call by call, and which are listed no more.

        A call that is new is there with all that is known of it.
        """
        changes = [(call_id, call.take_changes()) for call_id, call in self._changed.items()]
        dropped, self._dropped = self._dropped, []
        self._changed.clear()
        return [{"call_id": call_id, **each} for call_id, each in changes if each], dropped

    def _new_cost(self) -> LiveCost:
        return LiveCost(self._prices, self._model)

    def _add(self, call: LiveCall) -> LiveCall:
        self._calls[call.call_id] = self._changed[call.call_id] = call
        return call
