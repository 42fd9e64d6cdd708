"""Rules, dashboard and metrics, as Prometheus sees those of a running appliance."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.appliance.appliance import appliance
from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.sipp import Sipp, needs_sipp

from .prometheus import ROOT, RULES, needs_prometheus, prometheus

DASHBOARD = ROOT / "deploy" / "grafana" / "sipagent.json"
MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")

ALWAYS = (
    "Takes calls",
    "Version",
    "Calls now",
    "CPU by process",
    "Memory by process",
    "Open files",
)
"""Panels that show something of every box, whoever calls."""
LATE = {"SipagentDown", "SipagentLoopLate"}
"""What a machine that stalls begins to tell; it must not last, or somebody is called."""
AFTER_A_CALL = ("Calls by how they ended", "How long calls last", "How late loops are")

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed"
)


def promtool(*arguments: str, given: str | None = None) -> str:
    """Return what it says; it must be content."""
    said = subprocess.run(
        ["promtool", *arguments],
        input=given,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    text = said.stdout + said.stderr
    assert said.returncode == 0, text
    return text


def expressions() -> dict[str, list[str]]:
    """Return the queries of the dashboard by panel, as Grafana would ask them."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked: dict[str, list[str]] = {}
    for panel in panels:
        for target in panel.get("targets", []):
            text = re.sub(r"\$(instance|plan)", ".*", target["expr"])
            text = text.replace("$__rate_interval", "10s")
            assert "$" not in text
            asked.setdefault(panel["title"], []).append(text)
    return asked


@needs_promtool
def test_each_alert_begins_when_it_should_and_not_before(tmp_path: Path) -> None:
    tests = tmp_path / "rules.test.yml"
    text = (Path(__file__).parent / "rules.test.yml").read_text()
    tests.write_text(text.replace("@RULES@", str(RULES)))
    assert "SUCCESS" in promtool("test", "rules", str(tests))


def test_every_alert_is_on_the_page_with_its_severity() -> None:
    text = RULES.read_text()
    alerts = dict(re.findall(r"alert: (\w+)\n.*?severity: (\w+)", text, re.DOTALL))
    assert len(alerts) > 10
    rows = re.findall(r"^\| `(Sipagent\w+)` \| (\w+) \|", MONITORING, re.MULTILINE)
    assert dict(rows) == alerts


@needs_promtool
@needs_prometheus
@needs_sipp
async def test_a_running_box_satisfies_prometheus_the_rules_and_the_dashboard(
    tmp_path: Path,
) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
        prometheus(tmp_path, running.http_port) as scraping,
    ):
        await scraping.until("sipagent_ready == 1", bool)
        for call in range(2):  # a rate needs two scrapes with the series in them
            async with Sipp("hangs_up", running.sip_port, tmp_path) as caller:
                await caller.succeeds()
            await scraping.until(f"sum(sipagent_calls_total) == {call + 1}", bool)
        _, text = await running.get("/metrics")
        assert promtool("check", "metrics", given=text) == ""

        for title, asked in expressions().items():
            for expression in asked:
                if title in ALWAYS:  # a scrape that failed leaves a hole
                    await scraping.until(expression, bool)
                else:
                    await scraping.query(expression)
        for title in AFTER_A_CALL:
            await scraping.until(expressions()[title][0], bool)

        groups = (await scraping.asks("rules"))["groups"]
        rules: list[dict[str, Any]] = [rule for group in groups for rule in group["rules"]]
        while any(rule["health"] == "unknown" for rule in rules):
            await asyncio.sleep(0.1)
            groups = (await scraping.asks("rules"))["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
        assert {rule["health"] for rule in rules} == {"ok"}
        alerts = (await scraping.asks("alerts"))["alerts"]
        assert "firing" not in {each["state"] for each in alerts}
        assert {each["labels"]["alertname"] for each in alerts} <= LATE

        os.kill(running.worker_pid(), signal.SIGKILL)
        await scraping.until("increase(sipagent_process_restarts_total[1m]) > 0", bool)
        await scraping.until("sipagent_ready == 1", bool)
