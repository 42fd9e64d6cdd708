"""A caller waits while a backend agent works: over real SIP, RTP and HTTP."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sipagent.calls.delegation_text import NOT_APPROVED, UNREACHABLE
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import LOOK_AGAIN_S, ROOT, Appliance, appliance

pytestmark = needs_sipp

DIALPLANS = ROOT / "dialplans"
LIMIT = "timeout_s = 120"


async def press(peer: RtpPeer, number: str) -> None:
    """Key in a number."""
    for key in f"{number}#":
        await peer.press(key, await peer.destination())


async def approvals(running: Appliance) -> list[dict[str, Any]]:
    """Return what waits for a person."""
    status, text = await running.get("/api/v1/approvals")
    assert status == 200
    found: list[dict[str, Any]] = orjson.loads(text)["approvals"]
    return found


async def decide(running: Appliance, approval_id: str, **decision: Any) -> tuple[int, Any]:
    """Post a decision; return status and body."""
    url = f"http://127.0.0.1:{running.http_port}/api/v1/approvals/{approval_id}"
    async with aiohttp.ClientSession() as http, http.post(url, json=decision) as response:
        return response.status, await response.json()


async def hear(running: Appliance, peer: RtpPeer, caller: Sipp, said: str) -> dict[str, Any]:
    """Wait until the caller has heard what begins with ``said``, say goodbye, return the record."""
    timeline = running.folder / "timeline.jsonl"

    def heard() -> list[str]:
        facts = [orjson.loads(line) for line in timeline.read_bytes().splitlines()]
        return [fact["heard"] for fact in facts if fact["fact"] == "AgentSaid"]

    await running.until(heard, lambda texts: any(text.startswith(said) for text in texts))
    await press(peer, "9")
    await caller.succeeds()
    (record,) = await running.until_records(1)
    return record


async def until_asked(running: Appliance) -> dict[str, Any]:
    """Wait for one approval and return it."""
    while not (waiting := await approvals(running)):  # another process: nothing to wait for
        await asyncio.sleep(LOOK_AGAIN_S)
    (asked,) = waiting
    return asked


def refund_plan(changes: dict[str, str]) -> str:
    """Return the example plan, for a number of the test's, with lines of it replaced."""
    plan = (DIALPLANS / "refunds.toml").read_text()
    for old, new in {'called = "refunds*"': 'called = "{called}"', **changes}.items():
        assert old in plan
        plan = plan.replace(old, new)
    return plan


@asynccontextmanager
async def refund_line(
    folder: Path, *, pause_ms: int = 0, changes: dict[str, str] | None = None
) -> AsyncIterator[tuple[Appliance, RtpPeer, Sipp]]:
    """Call the refund line and key in the number of an order.

    Args:
        folder: Of the test.
        pause_ms: After which the caller hangs up; 0: once the agent does.
        changes: Of the example plan.
    """
    (folder / "plans").mkdir()
    for name in ("refunds.script.toml", "refunds.py"):
        shutil.copy(DIALPLANS / name, folder / "plans")
    async with (
        appliance(folder, realtime_url="embedded", plan=refund_plan(changes or {})) as running,
        RtpPeer() as peer,
        Sipp(
            "hangs_up" if pause_ms else "waits_for_bye",
            running.sip_port,
            folder,
            rtp_port=peer.port,
            pause_ms=pause_ms,
        ) as caller,
    ):
        await peer.until(25)
        await press(peer, "123")
        yield running, peer, caller


@pytest.mark.parametrize(
    ("decision", "state", "said"),
    [
        ({"approve": True}, "approved", "Order 1 2 3 is refunded"),
        ({"approve": False, "message": "That is too much."}, "rejected", "That is too much."),
    ],
)
async def test_a_person_decides_and_the_caller_hears_the_answer(
    tmp_path: Path, decision: dict[str, Any], state: str, said: str
) -> None:
    async with refund_line(tmp_path) as (running, peer, caller):
        asked = await until_asked(running)
        assert (asked["plan"], asked["agent"]) == ("refunds", "Back office")
        assert (asked["tool"], orjson.loads(asked["arguments"])) == (
            "refund",
            {"order": "one two three"},
        )
        answer = {"id": asked["id"], "state": state}
        assert await decide(running, asked["id"], **decision) == (200, answer)
        assert (await decide(running, asked["id"], **decision))[0] == 409
        assert await approvals(running) == []
        record = await hear(running, peer, caller, said)
    assert asked["call_id"] == record["call_id"]
    call = record["tool_calls"][0]
    assert call["name"] == "delegate" and call["output"].startswith(said)
    heard = [turn["heard"] for turn in record["turns"] if turn["who"] == "Refund line"]
    assert not any("moment" in text for text in heard)  # the filler is nobody's words


async def test_what_nobody_decides_is_not_done(tmp_path: Path) -> None:
    changes = {LIMIT: "timeout_s = 1"}
    async with refund_line(tmp_path, changes=changes) as (running, peer, caller):
        asked = await until_asked(running)
        record = await hear(running, peer, caller, NOT_APPROVED)
        assert await approvals(running) == []
        assert (await decide(running, asked["id"], approve=True))[0] == 409
    assert record["tool_calls"][0]["output"] == NOT_APPROVED


async def test_a_caller_who_hangs_up_withdraws_the_question(tmp_path: Path) -> None:
    async with refund_line(tmp_path, pause_ms=4_000) as (running, _, caller):
        asked = await until_asked(running)
        await caller.succeeds()
        await running.until_records(1)
        assert await approvals(running) == []
        assert (await decide(running, asked["id"], approve=True))[0] == 409


async def test_a_dead_backend_is_a_sentence_and_the_call_goes_on(tmp_path: Path) -> None:
    changes = {'model = "gpt-4.1"': 'model = "gpt-4.1"\nurl = "http://127.0.0.1:9/v1"'}
    async with refund_line(tmp_path, changes=changes) as (running, peer, caller):
        record = await hear(running, peer, caller, UNREACHABLE)
    assert (record["result"], record["reason"]) == ("completed", "agent_hung_up")
    assert record["tool_calls"][0]["output"] == UNREACHABLE
