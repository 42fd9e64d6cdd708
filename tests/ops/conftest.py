"""Metrics that start at zero, and what became of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

Value = Callable[..., float]


@pytest.fixture
def grown() -> Value:
    """Return by how much a sample has grown since the test began."""
    before = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
    }

    def growth(name: str, **labels: str) -> float:
        now = REGISTRY.get_sample_value(name, labels)
        if now is None:
            return 0.0
        return now - before.get((name, *sorted(labels.items())), 0.0)

    return growth
