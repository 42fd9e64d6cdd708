"""A caller of the refund line of ``dialplans/``, whose agent delegates to one in writing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.appliance.appliance import LOOK_AGAIN_S, ROOT, Appliance, appliance

from .rtp import RtpPeer
from .sipp import Sipp

DIALPLANS = ROOT / "dialplans"


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


async def heard(running: Appliance, said: str, *, times: int = 1) -> None:
    """Wait until the caller has heard what begins with ``said``, as often as it takes."""
    timeline = running.folder / "timeline.jsonl"

    def texts() -> list[str]:
        facts = [orjson.loads(line) for line in timeline.read_bytes().splitlines()]
        return [fact["heard"] for fact in facts if fact["fact"] == "AgentSaid"]

    await running.until(
        texts, lambda all_of: sum(text.startswith(said) for text in all_of) == times
    )


async def goodbye(running: Appliance, peer: RtpPeer, caller: Sipp) -> dict[str, Any]:
    """Say goodbye, be hung up on, and return the record."""
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
async def refund_box(
    folder: Path, *, changes: dict[str, str] | None = None, script: str = ""
) -> AsyncIterator[Appliance]:
    """Run an appliance with the refund line.

    Args:
        folder: Of the test.
        changes: Of the example plan.
        script: What its script has more.
    """
    (folder / "plans").mkdir()
    for name in ("refunds.script.toml", "refunds.py"):
        shutil.copy(DIALPLANS / name, folder / "plans")
    if script:
        with (folder / "plans" / "refunds.script.toml").open("a") as file:
            file.write(script)
    plan = refund_plan(changes or {})
    async with appliance(folder, realtime_url="embedded", plan=plan) as running:
        yield running


async def key_in_an_order(peer: RtpPeer) -> None:
    """Do what the refund line asks for, once it is heard to."""
    await peer.until(25)
    await press(peer, "123")


@asynccontextmanager
async def refund_line(
    folder: Path, **settings: Any
) -> AsyncIterator[tuple[Appliance, RtpPeer, Sipp]]:
    """Call the refund line with such settings, and key in the number of an order.

    The caller never hangs up.
    """
    async with (
        refund_box(folder, **settings) as running,
        RtpPeer() as peer,
        Sipp("waits_for_bye", running.sip_port, folder, rtp_port=peer.port) as caller,
    ):
        await key_in_an_order(peer)
        yield running, peer, caller
