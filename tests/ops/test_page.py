"""What is written about metrics and records is whole, and true."""

import os
import re
from dataclasses import fields
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from sipagent.calls.termination import Reason, Result
from sipagent.ops import cost_metrics, json_lines, loop_lag, metrics, refusals, trunk_metrics
from sipagent.ops.box_metrics import BoxMetrics, BoxState, ProcessState
from sipagent.ops.dial_counts import DialCounts
from sipagent.ops.flight import recorder
from sipagent.ops.plan_counts import PlanCounts
from sipagent.ops.plan_state import PlanState
from sipagent.ops.records import CallRecord
from sipagent.ops.status import Readiness
from sipagent.ops.store import store_metrics
from sipagent.ops.store.retention_state import RetentionState
from sipagent.ops.webhook_counts import Outcome, WebhookCounts
from sipagent.ops.webhooks import STATUSES

MODULES = (
    metrics,
    cost_metrics,
    json_lines,
    loop_lag,
    recorder,
    refusals,
    store_metrics,
    trunk_metrics,
)
BOX = BoxState(Readiness(True), (ProcessState("worker", os.getpid()),))
PAGE = Path("docs/metrics.md").read_text(encoding="utf-8")


def documented() -> dict[str, tuple[str, set[str]]]:
    """Return type and labels of each series, by its name."""
    rows = re.findall(r"^\| `(sipagent_\w+)` \| (\w+) \| (.*?) \|", PAGE, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_every_series_is_on_the_page_with_its_type_and_labels() -> None:
    ours = [each for module in MODULES for each in vars(module).values()]
    exported = {}
    for each in ours:
        if isinstance(each, MetricWrapperBase):
            (family,) = each.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            exported[name] = family.type, set(each._labelnames)
    box, plans = BoxMetrics("1", lambda: BOX), PlanCounts(PlanState)
    counted = (WebhookCounts(), DialCounts(), RetentionState(), box, plans)
    for family in (family for each in counted for family in each.collect()):
        labels = {label for sample in family.samples for label in sample.labels}
        exported[family.samples[0].name] = family.type, labels
    assert documented() == exported


def test_every_outcome_of_a_webhook_is_on_the_page_with_its_status() -> None:
    section = PAGE.split("## Webhooks")[1].split("## Results")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", section, re.MULTILINE)
    assert {outcome: int(status) for outcome, status in rows} == STATUSES
    assert set(STATUSES) == set(Outcome)


def test_every_result_and_reason_is_on_the_page() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert {each.value for each in (*Result, *Reason)} <= rows


def test_every_key_of_the_record_is_on_the_page() -> None:
    section = PAGE.split("## The call record")[1].split("## The timeline")[0]
    cells = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    keys = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    assert keys == {field.name for field in fields(CallRecord)}
