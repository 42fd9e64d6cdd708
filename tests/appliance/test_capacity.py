"""Four calls at once, a fifth refused; many calls one after the other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import Appliance, appliance

pytestmark = needs_sipp

CALLS_IN_A_ROW = 200


async def test_four_calls_reach_the_agent_a_fifth_is_refused_then_a_new_one_answered(
    tmp_path: Path,
) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        async with AsyncExitStack() as stack:
            calls, peers = [], []
            for index in range(4):
                folder = tmp_path / f"call-{index}"
                folder.mkdir()
                peer = await stack.enter_async_context(RtpPeer())
                peers.append(peer)
                call = Sipp(
                    "hangs_up", running.sip_port, folder, rtp_port=peer.port, pause_ms=6_000
                )
                calls.append(await stack.enter_async_context(call))
            for peer in peers:
                await peer.until(50)
            assert len(endpoint.sessions) == 4
            async with Sipp("is_refused", running.sip_port, tmp_path, status=486) as fifth:
                await fifth.succeeds()
            status, body = await running.get("/readyz")
            assert (status, "all calls are in use" in body) == (503, True)
            for call in calls:
                await call.succeeds()
            for peer in peers:
                assert len(peer.packets) > 0.95 * 6 * 50
        assert await running.series('sipagent_requests_refused_total{reason="busy"}') == 1
        await running.until_records(4)
        async with Sipp("hangs_up", running.sip_port, tmp_path) as again:
            await again.succeeds()
        records = await running.until_records(5)
        assert {record["result"] for record in records} == {"completed"}


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
        await call_in_a_row(running, tmp_path, 20)
        await running.until_records(20)
        files, threads, memory_kb = held(running)
        await call_in_a_row(running, tmp_path, CALLS_IN_A_ROW)
        records = await running.until_records(20 + CALLS_IN_A_ROW)
        assert {record["reason"] for record in records} == {"caller_hung_up"}
        assert await running.until(lambda: held(running)[0], lambda now: now <= files) == files
        assert held(running)[1] <= threads
        assert held(running)[2] - memory_kb < 8_000


async def call_in_a_row(running: Appliance, folder: Path, count: int) -> None:
    """Place ``count`` short calls, one after the other."""
    async with Sipp("hangs_up", running.sip_port, folder, pause_ms=20, calls=count) as calls:
        await calls.succeeds()
