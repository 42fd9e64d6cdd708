"""The keeper of the store, as the configuration wants it."""

from __future__ import annotations

from sipagent.config import Config
from sipagent.ops.clock import unix_time
from sipagent.ops.store.cut_off_count import CutOffCount
from sipagent.ops.store.keeper import StoreKeeper


def store_keeper(config: Config) -> StoreKeeper:
    """Return it; for after ``PROMETHEUS_MULTIPROC_DIR`` is set."""
    counted = CutOffCount()
    return StoreKeeper(
        config.store,
        records=config.cdr.path,
        recordings=config.recordings.path,
        flights=config.flights.path,
        clock=unix_time,
        are_taken_up=bool(config.webhooks.secrets),
        on_cut_off=lambda call: counted.count(call["plan"]),
    )
