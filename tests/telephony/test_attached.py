"""Calls that a connector answers, over SIP and RTP: the demonstration, every step of it heard."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(170)
async def test_a_caller_is_served_transferred_and_hung_up_on_through_a_connector(
    tmp_path: Path,
) -> None:
    command = ("-m", "sipagent", "demo", "--attached", "--folder", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    assert text.count("  heard   ") == 11
    records = [orjson.loads(line) for line in (tmp_path / "calls.jsonl").read_bytes().splitlines()]
    by_reason = {record["reason"]: record for record in records}
    first = by_reason["transferred"]
    assert first["agents"] == ["Reception", "Billing"]
    assert first["digits"] == "123#"
    assert first["realtime_call_id"].startswith("rtc_")
    called = [call["name"] for call in first["tool_calls"]]
    assert called[:2] == ["opening_hours", "invoice_status"]
    assert not by_reason["agent_hung_up"]["line"]
