"""How the store is: metrics of every process that writes to it."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

UP = Gauge(
    "sipagent_store_up", "Whether the database takes writes: 1 or 0.", multiprocess_mode="livemin"
)
QUEUED = Gauge(
    "sipagent_store_queue_writes", "Writes that wait in memory.", multiprocess_mode="livesum"
)
SPOOLED = Gauge(
    "sipagent_store_spooled_bytes",
    "Of writes that wait in files for the database, whoever's they are.",
    multiprocess_mode="livemax",
)
WRITES = Counter("sipagent_store_writes", "Rows, by what became of them.", ["outcome"])
WRITE_SECONDS = Histogram(
    "sipagent_store_write_seconds",
    "Time one transaction took.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)
WRITTEN, SPOOLED_OUTCOME, REFUSED, DROPPED = (
    WRITES.labels(outcome) for outcome in ("written", "spooled", "refused", "dropped")
)
