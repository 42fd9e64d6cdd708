"""Telling several observers; one that fails never hurts the others, nor the call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sipagent.calls.fact_log import FactLog
from sipagent.calls.facts import Fact, Observer

from .clock import local_time
from .metrics import MetricsObserver
from .number_mask import NumberMask
from .records import BeginningOf, RecordWriter, nothing_before
from .timeline import TimelineWriter

log = logging.getLogger(__name__)


class Observers:
    """Tell each of ``observers``, in order."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def tell(self, call_id: str, fact: Fact, *, at: float) -> None:
        """Tell ``fact``."""
        for observer in self._observers:
            try:
                observer.tell(call_id, fact, at=at)
            except Exception:
                log.exception("call=%s ! %s was not noted", call_id, type(fact).__name__)


def call_observers(
    records: Path,
    timeline: str,
    *others: Observer,
    writers: Sequence[Observer] = (),
    masks_numbers: bool = False,
    beginning_of: BeginningOf = nothing_before,
) -> Observers:
    """Return everybody who is told of the calls of a process.

    Args:
        records: File of the call records.
        timeline: File of the timeline; empty: none.
        others: Who else.
        writers: Who else writes them down.
        masks_numbers: Whether what is written has no whole number of a caller.
        beginning_of: Returns what a process before this one had written of a call.
    """
    written: list[Observer] = [RecordWriter(records, local_time, beginning_of), *writers]
    if timeline:
        written.append(TimelineWriter(Path(timeline)))
    if masks_numbers:
        written = [NumberMask(Observers(written))]
    return Observers([FactLog(), MetricsObserver(), *written, *others])
