"""Whether the box would take a call now, as it tells everybody who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .plan_state import PlanState, plans_to_json


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a call would be taken now."""

    is_ready: bool
    reasons: tuple[str, ...] = ()
    """Why not; empty when ready."""
    calls_in_use: int = 0
    call_limit: int = 0
    attached_calls: int = 0
    attached_limit: int = 0
    """0 when calls are not attached to."""
    plans: PlanState | None = None
    """None: nobody knows yet."""


def readiness_to_json(now: Readiness) -> dict[str, Any]:
    """Return what ``/readyz`` and the event stream say."""
    return {
        "ready": now.is_ready,
        "reasons": list(now.reasons),
        "calls_in_use": now.calls_in_use,
        "call_limit": now.call_limit,
        "attached_calls": now.attached_calls,
        "attached_limit": now.attached_limit,
        "plans": None if now.plans is None else plans_to_json(now.plans),
    }
