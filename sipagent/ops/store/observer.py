"""Who tells the store of calls: an observer of facts. On the loop; does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sipagent.calls import facts
from sipagent.ops.records import BeginningOf, nothing_before

from .call_rows import CallRows
from .costs import Price
from .owner import Owner
from .writes import Write


class Writer(Protocol):
    """Who writes; see :class:`~sipagent.ops.store.writer.StoreWriter`."""

    def put(self, writes: Sequence[Write]) -> None:
        """Have ``writes`` written; never waits."""


class StoreObserver:
    """Have every fact of every call of this process written.

    Args:
        writer: Writes.
        owner: This process.
        prices: By model.
        model: Of the endpoint, where a plan wants none.
        clock: Returns Unix seconds.
        beginning_of: Returns what a process before this one had written of a call.
    """

    def __init__(
        self,
        writer: Writer,
        owner: Owner,
        prices: Mapping[str, Price],
        model: str,
        clock: Callable[[], float],
        *,
        beginning_of: BeginningOf = nothing_before,
    ) -> None:
        self._writer, self._owner = writer, owner.as_values()
        self._prices, self._model, self._clock = prices, model, clock
        self._beginning_of = beginning_of
        self._calls: dict[str, CallRows] = {}

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Have ``fact`` written."""
        now_ms = int(self._clock() * 1000)
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = CallRows(
                call_id, self._owner, self._prices, self._model, now_ms=now_ms
            )
            if (begun := self._beginning_of(call_id)) is not None:
                call.go_on(begun)
        writes = call.take(fact, now_ms=now_ms)
        if isinstance(fact, facts.CallEnded):
            del self._calls[call_id]
        if writes:
            self._writer.put(writes)
