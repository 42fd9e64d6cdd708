"""What calls cost, by plan."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from sipagent.calls import facts
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.ops.cost_metrics import CostObserver
from sipagent.ops.store.costs import Price

from .script import tell_all

PRICES = {"gpt-realtime": Price(audio_in=10.0, audio_out=20.0, per_minute=0.06)}
USED = facts.UsageReported(1_000, 2_000, audio_tokens_in=1_000, audio_tokens_out=2_000)
ENDED = facts.CallEnded(Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP), 30_000)


def counted(plan: str) -> float:
    return REGISTRY.get_sample_value("sipagent_cost_total", {"plan": plan}) or 0.0


def test_tokens_count_as_they_are_used_and_minutes_at_the_end() -> None:
    observer = CostObserver(PRICES, "gpt-realtime")
    before = counted("sales")
    tell_all(observer, "c1", [facts.CallRouted("sales", "A"), USED])
    assert counted("sales") - before == pytest.approx(0.05)
    tell_all(observer, "c1", [USED, ENDED])
    assert counted("sales") - before == pytest.approx(0.10 + 0.03)


def test_a_model_without_a_price_costs_nothing_we_know_of() -> None:
    before = counted("other")
    told: list[facts.Fact] = [
        facts.CallRouted("other", "A"),
        facts.SessionOpened(1, "cheap"),
        USED,
        ENDED,
    ]
    tell_all(CostObserver(PRICES, "gpt-realtime"), "c1", told)
    assert counted("other") == before
