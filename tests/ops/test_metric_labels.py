"""Labels are few and closed: nothing that names a call or a person, nothing a peer can invent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import pytest
from prometheus_client import REGISTRY, Metric
from prometheus_client.samples import Sample

from sipagent.calls import facts
from sipagent.calls.silence_doctor import Cause
from sipagent.calls.termination import Reason, Result, Termination
from sipagent.calls.transfer_outcome import Outcome
from sipagent.ops import cost_metrics, loop_lag, refusals, trunk_metrics
from sipagent.ops.flight import recorder
from sipagent.ops.metrics import KNOWN_CODES, MetricsObserver
from sipagent.ops.store import store_metrics
from sipagent.sip.interop import FINDINGS, UNACCEPTABLE

from .script import CALL, CALLED, CALLER, tell_all

OURS = "sipagent_"
MODULES = (cost_metrics, loop_lag, recorder, refusals, store_metrics, trunk_metrics)
"""Whose metrics are there once they are imported, whichever tests ran before."""
SECRET = re.compile(r"call_?id|caller|called|number|user|uri|address|item|text|sip_call|token$")
REFUSED = {
    *refusals.BY_STATUS.values(),
    *refusals.BY_WHY,
    *UNACCEPTABLE,
    refusals.MALFORMED,
}
CLOSED = {
    "result": {each.value for each in Result},
    "reason": {each.value for each in Reason} | REFUSED | {"lost", "expiry"},
    "direction": {"inbound", "outbound", "input", "output"},
    "outcome": {
        *("ok", "failed", *(each.value for each in Outcome)),
        *("written", "spooled", "refused", "dropped"),
        *("saved", "lost"),
    },
    "mode": {"blind", "attended"},
    "kind": {"human", "machine", "fax"},
    "finding": {*FINDINGS},
    "cause": {*get_args(Cause)},
    "code": {*KNOWN_CODES, "other"},
}
NAMED_BY_FILES = {"plan", "agent", "from_agent", "to_agent", "tool", "guardrail", "trunk"}
"""Labels whose values are names in dialplans, or in the configuration."""


def ours() -> list[Metric]:
    """Return our metrics after a call in which everything happened."""
    tell_all(MetricsObserver(), "call-of-the-label-test", CALL)
    for reason in Reason:
        ended = facts.CallEnded(Termination(Result.FAILED, reason, detail=CALLER), 1)
        tell_all(MetricsObserver(), "c", [facts.CallRouted("desk", "A"), ended])
    MetricsObserver().tell("c", facts.ErrorReported(f"no such user {CALLER}", CALLER), at=0.0)
    metrics = [metric for metric in REGISTRY.collect() if metric.name.startswith(OURS)]
    assert len(metrics) > 15
    return metrics


def labels(metrics: list[Metric]) -> Iterator[tuple[Sample, str, str]]:
    """Yield each label of each sample."""
    for metric in metrics:
        for sample in metric.samples:
            for label, value in sample.labels.items():
                yield sample, label, value


def test_every_label_is_a_closed_list_or_a_name_of_our_files() -> None:
    known = {*CLOSED, *NAMED_BY_FILES, "le"}
    assert {label for _, label, _ in labels(ours())} <= known


def test_no_label_names_a_call_or_a_person() -> None:
    found = {label for _, label, _ in labels(ours()) if SECRET.search(label)}
    assert found == set()


@pytest.mark.parametrize("label", CLOSED)
def test_values_come_from_a_closed_list(label: str) -> None:
    values = {value for _, each, value in labels(ours()) if each == label}
    assert values
    assert values <= CLOSED[label]


def test_nothing_a_caller_brings_along_becomes_a_value() -> None:
    for sample, label, value in labels(ours()):
        if label == "le":
            continue
        where = f"{sample.name}{{{label}}}"
        assert CALLER not in value and CALLED not in value, where
        assert not re.search(r"\d{5}", value), where
        assert "call-of-the-label-test" not in value, where


def test_names_carry_their_unit() -> None:
    for metric in ours():
        if metric.type == "histogram":
            assert metric.name.endswith(("_seconds", "_mos")), metric.name
