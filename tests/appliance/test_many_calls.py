"""Hundreds of calls one after the other: none fails, nothing is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sipagent.sip.socket_budget import INVITES_PER_WINDOW, WINDOW_S
from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import Appliance, appliance

pytestmark = needs_sipp

CALLS_IN_A_ROW = 200

LEAST_MS = round(1_000 * WINDOW_S / INVITES_PER_WINDOW)
"""How long each call is, so that no more come in a window though SIPp makes up for a stall."""

TRANSACTIONS_END_S = 34
"""64*T1 (RFC 3261 section 17.2.2): PJSIP keeps what a call was until a late BYE cannot come."""


def held(running: Appliance) -> tuple[int, int, int]:
    """Return the worker's open files, threads and resident memory in kB."""
    proc = Path(f"/proc/{running.worker_pid()}")
    status = dict(
        line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line
    )
    files = len(list((proc / "fd").iterdir()))
    return files, int(status["Threads"]), int(status["VmRSS"].split()[0])


@pytest.mark.timeout(240)
async def test_calls_in_a_row_fail_never_and_leave_nothing_behind(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        files, threads, memory_kb = await held_after(running, tmp_path, batch=1)
        for batch in (2, 3, 4):
            await asyncio.sleep(TRANSACTIONS_END_S)
            now = await held_after(running, tmp_path, batch=batch)
            assert await running.until(lambda: held(running)[0], lambda now: now <= files) <= files
            assert now[1] <= threads
            grown_kb, memory_kb = now[2] - memory_kb, now[2]
            if grown_kb < 2_000:
                break  # a leak grows every time; a busy machine's heap does once
        assert grown_kb < 2_000


async def held_after(running: Appliance, folder: Path, *, batch: int) -> tuple[int, int, int]:
    """Make calls one after another, none of which fails; return what the worker holds then."""
    await calls_in_a_row(running, folder, CALLS_IN_A_ROW)
    records = await running.until_records(batch * CALLS_IN_A_ROW)
    assert {record["reason"] for record in records} == {"caller_hung_up"}
    return held(running)


async def calls_in_a_row(running: Appliance, folder: Path, count: int) -> None:
    """Place ``count`` short calls, one after the other."""
    port, most = running.sip_port, round(0.85 * INVITES_PER_WINDOW / WINDOW_S)
    async with Sipp(
        "hangs_up", port, folder, pause_ms=LEAST_MS, calls=count, per_second=most
    ) as calls:
        await calls.succeeds()
