"""The metric of calls, counted by the supervisor for processes that died.

The supervisor keeps its other metrics in memory; this one is shared with the processes that have
calls, so it is counted as they do: in a file of ``PROMETHEUS_MULTIPROC_DIR``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import values

from .cut_off import REASON, RESULT

_LABELS = ["plan", "result", "reason"]
_NO_PLAN = "none"
_HELP = "Calls by plan, result and reason."
"""All as ``ops.metrics`` has them, which loads what the supervisor does not."""


class CutOffCount:
    """Count cut-off calls; for after ``PROMETHEUS_MULTIPROC_DIR`` is set."""

    def __init__(self) -> None:
        self._value: Callable[..., Any] = values.MultiProcessValue()  # type: ignore[no-untyped-call]
        self._by_plan: dict[str, Any] = {}

    def count(self, plan: str) -> None:
        """Count a call."""
        plan = plan or _NO_PLAN
        if plan not in self._by_plan:
            labels = [plan, RESULT, REASON]
            self._by_plan[plan] = self._value(
                "counter", "sipagent_calls", "sipagent_calls_total", _LABELS, labels, _HELP
            )
        self._by_plan[plan].inc(1)
