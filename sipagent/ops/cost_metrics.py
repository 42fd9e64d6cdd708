"""What calls cost, as a metric, by plan; of models without a price nothing is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from prometheus_client import Counter

from sipagent.calls import facts

from .metrics import NO_PLAN
from .store.costs import Bill, Price

COST = Counter("sipagent_cost", "What calls cost, by the prices of the configuration.", ["plan"])


@dataclass(slots=True)
class _Call:
    bill: Bill
    plan: str = NO_PLAN
    counted: float = 0.0


class CostObserver:
    """Count what is told of calls.

    Args:
        prices: By model.
        model: Of calls whose session did not say.
    """

    def __init__(self, prices: Mapping[str, Price], model: str) -> None:
        self._prices, self._model = prices, model
        self._calls: dict[str, _Call] = {}

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Count ``fact``."""
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = _Call(Bill(self._prices, self._model))
        match fact:
            case facts.CallRouted(plan=plan):
                call.plan = plan
            case facts.SessionOpened(model=model):
                call.bill.opened(model)
            case facts.UsageReported():
                call.bill.use(asdict(fact))
                _count(call, talked_ms=0)
            case facts.CallEnded(duration_ms=duration_ms):
                _count(call, talked_ms=duration_ms)
                del self._calls[call_id]
            case _:
                pass


def _count(call: _Call, *, talked_ms: int) -> None:
    so_far = call.bill.cost(talked_ms=talked_ms)
    if so_far is not None:
        COST.labels(call.plan).inc(max(0.0, so_far - call.counted))
        call.counted = max(so_far, call.counted)
