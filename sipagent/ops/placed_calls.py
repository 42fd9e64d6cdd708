"""Calls that were placed, as the supervisor knows them: for whoever asks how far one is.

    unknown    --asked-->            asked        the process with the line decides
    asked      --answered, 202-->    placed
    asked      --answered, other-->  unknown
    placed     --changed-->          placed
    placed     --changed, over-->    over         remembered for a while
    asked, placed --gone-->          over         the process ended, and its calls with it

No I/O, no clock. A ``source`` is whatever process has the line.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from .channel import CallChanged, DialAnswered, DialAsked

REMEMBERED = 1_000
"""Calls that are over."""

Settle = Callable[[DialAnswered], None]


@dataclass(slots=True)
class _Call:
    source: Hashable
    shown: dict[str, Any]
    settle: Settle | None
    """Given until the process has answered."""


class PlacedCalls:
    """Keep them."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._over: OrderedDict[str, dict[str, Any]] = OrderedDict()

    @property
    def count(self) -> int:
        """Return how many are asked for or under way."""
        return len(self._calls)

    def asked(self, source: Hashable, asked: DialAsked, settle: Settle) -> None:
        """Note a call that a process is asked to place; ``settle`` takes its answer, once."""
        shown = {
            "call_id": asked.call_id,
            "to": asked.to,
            "plan": asked.plan,
            "trunk": asked.trunk,
            "state": "dialling",
        }
        self._calls[asked.call_id] = _Call(source, shown, settle)

    def answered(self, answered: DialAnswered) -> None:
        """Note whether it is placed."""
        call = self._calls.get(answered.call_id)
        if call is None or call.settle is None:
            return
        settle, call.settle = call.settle, None
        if answered.status != 202:
            del self._calls[answered.call_id]
        settle(answered)

    def changed(self, changed: CallChanged) -> None:
        """Note how far one is."""
        call = self._calls.get(changed.call_id)
        if call is None:
            return  # placed by nobody here: it came in
        call.shown.update(changed.change)
        if changed.is_over:
            self._end(changed.call_id)

    def gone(self, source: Hashable) -> None:
        """Note that a process ended."""
        for call_id, call in list(self._calls.items()):
            if call.source != source:
                continue
            if call.settle is not None:
                self.answered(DialAnswered(call_id, 503, "the process with the line has ended"))
                continue
            call.shown.update(state="ended", result="failed", reason="internal_error")
            self._end(call_id)

    def shown(self, call_id: str) -> dict[str, Any] | None:
        """Return what is known of a call, None if there is none."""
        call = self._calls.get(call_id)
        return call.shown if call is not None else self._over.get(call_id)

    def source_of(self, call_id: str) -> Hashable | None:
        """Return which process has a call that is not over."""
        call = self._calls.get(call_id)
        return None if call is None else call.source

    def _end(self, call_id: str) -> None:
        self._over[call_id] = self._calls.pop(call_id).shown
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)
