"""What calls cost, as a metric, by plan; of models without a price nothing is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import Counter

from sipagent.calls import facts

from .metrics import NO_PLAN
from .store.costs import Price, Tokens, cost
from .store.used_tokens import add_tokens

COST = Counter("sipagent_cost", "What calls cost, by the prices of the configuration.", ["plan"])


@dataclass(slots=True)
class _Call:
    model: str
    plan: str = NO_PLAN
    tokens: Tokens = field(default_factory=Tokens)
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
        call = self._calls.setdefault(call_id, _Call(self._model))
        match fact:
            case facts.CallRouted(plan=plan):
                call.plan = plan
            case facts.SessionOpened(model=model):
                call.model = model or call.model
            case facts.UsageReported():
                add_tokens(call.tokens, fact)
                self._count(call, talked_ms=0)
            case facts.CallEnded(duration_ms=duration_ms):
                self._count(call, talked_ms=duration_ms)
                del self._calls[call_id]
            case _:
                pass

    def _count(self, call: _Call, *, talked_ms: int) -> None:
        price = self._prices.get(call.model)
        if price is not None:
            so_far = cost(price, call.tokens, talked_ms=talked_ms)
            COST.labels(call.plan).inc(max(0.0, so_far - call.counted))
            call.counted = max(so_far, call.counted)
