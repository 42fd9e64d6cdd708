"""Nothing that was said is lost: processes killed in mid-call, on a real call."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fakes.faulty_endpoint import SAID, faulty_endpoint
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp

from .appliance import LOOK_AGAIN_S, Appliance, _descendants, appliance, write_files
from .stored import calls_in

LONG = " ".join(["word"] * 100)


async def until_being_said(folder: Path, calls: int) -> None:
    """Wait until the store has something of what both say in the newest of ``calls`` calls."""
    while True:
        known = await calls_in(folder)
        if len(known) == calls:
            unfinished = [turn for turn in known[0]["turns"] if turn.get("unfinished")]
            if len(unfinished) == 2 and all(turn.get("heard", "-") for turn in unfinished):
                return
        await asyncio.sleep(LOOK_AGAIN_S)


def spooled(folder: Path) -> str:
    """Return what waits in files for the database."""
    files = (folder / "sipagent.spool").glob("*.jsonl")
    return "".join(file.read_text() for file in files)


async def until_ready(running: Appliance) -> None:
    """Wait until there is a worker."""
    while (await running.get("/readyz"))[0] != 200:
        await asyncio.sleep(LOOK_AGAIN_S)


async def test_a_kill_in_mid_call_leaves_the_record_up_to_the_last_turn(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint, RtpPeer() as peer:
        endpoint.tone_ms = 300
        config = write_files(tmp_path, realtime_url=endpoint.url)
        async with appliance(tmp_path, config=config) as running:
            await until_ready(running)
            with closing(sqlite3.connect(tmp_path / "sipagent.db", isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")  # the database says no, and the call goes on
                async with Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=peer.port):
                    await running.until(lambda: spooled(tmp_path), lambda rows: SAID in rows)
                    assert await running.series("sipagent_store_up") == 0
                    assert await running.series("sipagent_store_spooled_bytes") > 0
                    os.kill(running.worker_pid(), signal.SIGKILL)
                other.execute("COMMIT")
            (record,) = await running.until_records(1)
            assert (record["result"], record["reason"]) == ("failed", "cut_off")
            assert [turn["said"] for turn in record["turns"]] == [SAID]
            series = 'sipagent_calls_total{plan="test",reason="cut_off",result="failed"}'
            assert await running.series(series) == 1
            assert spooled(tmp_path) == ""

            await until_ready(running)
            endpoint.tone_ms, endpoint.said = 20_000, LONG
            async with Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=peer.port):
                await running.until(lambda: len(endpoint.sessions), lambda count: count == 2)
                await endpoint.hears_more("c", "My na")
                await until_being_said(tmp_path, 2)
                assert running.process is not None
                for pid in [running.process.pid, *_descendants(running.process.pid)]:
                    os.kill(pid, signal.SIGKILL)
                await running.process.wait()
        assert len(running.records()) == 1
        async with appliance(tmp_path, config=config) as again:
            calls = await calls_in(tmp_path)
            assert [call["reason"] for call in calls] == ["cut_off", "cut_off"]
            agent, caller = calls[0]["turns"]
            assert (agent["said"], agent["unfinished"]) == (LONG, True)
            assert LONG.startswith(agent["heard"]) and 0 < len(agent["heard"]) < len(LONG)
            assert (caller["said"], caller["unfinished"]) == ("My na", True)
            assert [turn["said"] for turn in calls[1]["turns"]] == [SAID]
            assert len(again.records()) == 2
            assert again.records()[1]["turns"][0]["heard"] == agent["heard"]
