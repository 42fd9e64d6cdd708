"""Dialplans that are edited while the box runs and takes calls."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import aiohttp
import pytest

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import PLAN, Appliance, appliance, start, write_files

pytestmark = needs_sipp

EDITS = 100
CALLERS = 2

Plans = dict[str, Any]


async def asked(running: Appliance, path: str = "/api/v1/plans") -> Plans:
    """Return what the API says."""
    shown: Plans = json.loads((await running.get(path))[1])
    return shown


async def until_plans(running: Appliance, **wanted: Any) -> Plans:
    """Wait until the API says so."""
    while True:
        shown = await asked(running)
        if all(shown[key] == value for key, value in wanted.items()):
            return shown
        await asyncio.sleep(0.02)  # another process: there is no event to wait for


def saying(words: str) -> str:
    """Return a plan whose agent says some words."""
    plan = PLAN.format(ready_within_s=3.0, when_not_ready="apology", called="agent")
    return plan.replace("Greet.", words)


async def called(running: Appliance, folder: Path) -> Plans:
    """Call, and be hung up on; return the record."""
    count = len(running.records()) + 1
    async with (
        RtpPeer() as peer,
        Sipp("waits_for_bye", running.sip_port, folder, rtp_port=peer.port) as caller,
    ):
        await caller.succeeds()
    return (await running.until_records(count))[-1]


async def test_plans_are_followed_broken_ones_are_named_and_old_ones_come_back(
    tmp_path: Path,
) -> None:
    plan = tmp_path / "plans" / "test.toml"
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url, plan=saying("One.")) as running,
    ):
        endpoint.said, endpoint.tone_ms, endpoint.hangs_up = "", 100, True
        first = await called(running, tmp_path)
        assert (first["plan_version"], first["turns"][0]["said"]) == (1, "One.")

        plan.write_text(saying("Two."))
        shown = await until_plans(running, version=2)
        second = await called(running, tmp_path)
        assert (second["plan_version"], second["turns"][0]["said"]) == (2, "Two.")
        assert second["plan_sha"] == shown["sha"] != first["plan_sha"]

        broken = saying("Three.") + "voise = 1\n"
        line = broken.count("\n")
        plan.write_text(broken)
        (problem,) = (await until_plans(running, is_current=False))["problems"]
        assert (problem["file"], problem["line"]) == (str(plan), line)
        assert problem["key"] == "agents[0].voise"
        status, ready = await running.get("/readyz")
        assert (status, json.loads(ready)["plans"]["problems"]) == (200, [problem])
        assert await running.series("sipagent_plans_broken") == 1
        assert await running.series('sipagent_plan_reloads_total{outcome="broken"}') == 1
        assert f"plans ! {plan}:{line}: agents[0].voise: unknown key" in log_of(running)

        await running.kill_worker()
        third = await called(running, tmp_path)
        assert (third["plan_version"], third["turns"][0]["said"]) == (2, "Two.")

        calls = {each["call_id"] for each in running.records()}
        elsewhere = {"files": {"test.toml": saying("Two.").replace('"agent"', '"other"')}}
        while (found := await posted(running, "replay", elsewhere))[1].get("calls") != len(calls):
            await asyncio.sleep(0.02)  # the store writes on its own thread
        assert {each["call_id"] for each in found[1]["rerouted"]} == calls
        assert {(each["was"], each["now"]) for each in found[1]["rerouted"]} == {("test", "")}

        status, rolled = await posted(running, "rollback", {"version": 1})
        assert (status, rolled["version"], rolled["is_rolled_back"]) == (200, 1, True)
        assert (await called(running, tmp_path))["turns"][0]["said"] == "One."

        plan.write_text(saying("Two."))
        assert (await until_plans(running, version=3))["sha"] == shown["sha"]
        assert running.process is not None
        running.process.send_signal(signal.SIGHUP)
        await until_plans(running, version=4)

    plan.write_text("name = 7")
    endpoint_url = "ws://127.0.0.1:1/"
    config = tmp_path / "sipagent.toml"
    config.write_text(config.read_text().replace(endpoint.url, endpoint_url))
    async with appliance(tmp_path, config=config) as again:
        now = await asked(again)
        assert (now["version"], now["is_current"], now["is_rolled_back"]) == (4, False, False)
        assert {problem["key"] for problem in now["problems"]} >= {"name"}


def log_of(running: Appliance) -> str:
    return (running.folder / "log.txt").read_text()


async def posted(running: Appliance, path: str, body: Plans) -> tuple[int, Plans]:
    """Post to the API of the plans."""
    url = f"http://127.0.0.1:{running.http_port}/api/v1/plans/{path}"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.json()


async def test_a_start_with_broken_plans_and_none_before_fails(tmp_path: Path) -> None:
    config = write_files(tmp_path, realtime_url="ws://127.0.0.1:1/", plan="name = 7")
    process = await start(config)
    assert await process.wait() == 1
    text = (tmp_path / "log.txt").read_text()
    assert f"{tmp_path}/plans/test.toml:1: name: must be text in quotes" in text
    process._transport.close()  # type: ignore[attr-defined]


# Edits under load.


@dataclass(frozen=True)
class Edit:
    """One edit of the plans: files by their names."""

    files: dict[str, str]
    words: str = ""
    """What agents say from then on; ``""``: it is broken."""
    problem: str = ""
    """Part of what is told of it."""


TABLE = '[[tools]]\nname = "words"\npython = "tool.py:words"\n'
TOOL = 'def words() -> str:\n    """Say."""\n    return "Hello."\n'


def edits() -> Iterator[Edit]:
    """Return edits of which every third is broken, each in another way."""
    for number in range(EDITS):
        words = f"Version {number}."
        plan = saying(words).replace('["hangup"]', '["hangup", "words"]') + TABLE
        # The tool comes first: alone it mends what the edit before broke, and is no version.
        right = Edit({"tool.py": TOOL, "test.toml": plan}, words)
        match number:
            case _ if number % 3 != 2:
                yield right
            case _ if number % 12 == 2:
                yield Edit({"test.toml": plan + "[[["}, problem="is not valid TOML")
            case _ if number % 12 == 5:
                handoff = plan.replace("tools =", 'handoffs = ["Nobody"]\ntools =')
                yield Edit({"test.toml": handoff}, problem='there is no agent "Nobody"')
            case _ if number % 12 == 8:
                yield Edit({"tool.py": f"{words!r}\n1 / 0\n"}, problem="ZeroDivisionError")
            case _:
                wav = plan.replace("[session]", f'[session]\napology_wav = "{number}.wav"')
                yield Edit({"test.toml": wav}, problem=f"{number}.wav cannot be used")


def save(folder: Path, files: dict[str, str]) -> None:
    """Save as editors do: beside the file, then in its place."""
    for name, text in files.items():
        (folder / f".{name}.new").write_text(text)
        (folder / f".{name}.new").replace(folder / name)


async def calling(running: Appliance, folder: Path, is_over: asyncio.Event) -> int:
    """Call again and again; return how many calls went as they should: all."""
    calls = 0
    folder.mkdir()
    async with RtpPeer() as peer:
        while not is_over.is_set():
            async with Sipp(
                "waits_for_bye", running.sip_port, folder, rtp_port=peer.port, calls=5
            ) as caller:
                await caller.succeeds()
            calls += 5
    return calls


@pytest.mark.timeout(180)
async def test_a_hundred_edits_under_load_lose_and_mix_no_call(tmp_path: Path) -> None:
    said: dict[int, str] = {}
    live_s: list[float] = []
    is_over = asyncio.Event()
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(faulty_endpoint())
        endpoint.said, endpoint.tone_ms, endpoint.hangs_up = "", 250, True
        running = await stack.enter_async_context(
            appliance(tmp_path, realtime_url=endpoint.url, plan=saying("First."))
        )
        said[1] = "First."
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        callers = [
            tasks.create_task(calling(running, tmp_path / f"caller-{each}", is_over))
            for each in range(CALLERS)
        ]
        version = 1
        for edit in edits():
            save(tmp_path / "plans", edit.files)
            saved_at = monotonic()
            if edit.words:
                version += 1
                shown = await until_plans(running, version=version, is_current=True)
                live_s.append(monotonic() - saved_at)
                assert shown["problems"] == []
                said[version] = edit.words
            else:
                shown = await until_plans(running, is_current=False)
                while not any(edit.problem in each["text"] for each in shown["problems"]):
                    shown = await asked(running)
                assert shown["version"] == version
        is_over.set()
        calls = sum([await caller for caller in callers])
        records = await running.until_records(calls)
    assert median(live_s) < 1.0
    assert len(records) == calls > EDITS / 2
    assert Counter(each["result"] for each in records) == {"completed": calls}
    mixed = [
        each
        for each in records
        if [turn["said"] for turn in each["turns"]] != [said[each["plan_version"]]]
    ]
    assert mixed == []
    assert len({each["plan_version"] for each in records}) > EDITS / 4
