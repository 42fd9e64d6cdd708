"""What a call costs while it lasts, made of its facts as the supervisor is told them. Pure.

The store has the same bill (``store.call_rows``), so that a call costs the same once it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .channel import FactTold
from .store.costs import Bill, Price


class LiveCost:
    """The cost of one call.

    Args:
        prices: By model.
        model: Of calls whose session did not say.
    """

    def __init__(self, prices: Mapping[str, Price], model: str) -> None:
        self._bill = Bill(prices, model)
        self._answered_at: float | None = None

    def take(self, told: FactTold) -> dict[str, Any]:
        """Take note of a fact; return what is different: ``model``, ``cost`` if it has a price."""
        match told.name:
            case "CallAnswered":
                self._answered_at = told.at
            case "SessionOpened":
                self._bill.opened(told.fields["model"])
                return {"model": self._bill.model}
            case "UsageReported":
                self._bill.use(told.fields)
                return self._cost(self._talked_ms(told.at))
            case "LineSeen":  # every few seconds: models may be paid by time
                return self._cost(self._talked_ms(told.at))
            case "CallEnded" if told.fields["duration_ms"]:
                return self._cost(told.fields["duration_ms"])
            case _:
                pass
        return {}

    def _talked_ms(self, at: float) -> int:
        return 0 if self._answered_at is None else round((at - self._answered_at) * 1_000)

    def _cost(self, talked_ms: int) -> dict[str, Any]:
        cost = self._bill.cost(talked_ms=talked_ms)
        return {} if cost is None else {"cost": cost}
