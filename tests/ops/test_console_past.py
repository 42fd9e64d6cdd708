"""Calls that are over, on the console: a long list, and one with its recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from sqlalchemy import insert

from sipagent.audio.wav import WavWriter
from sipagent.calls import facts
from sipagent.ops.store.queries import CallQueries
from sipagent.ops.store.tables import CALLS

from .browser import launched, needs_chromium, opened
from .script import CALL
from .served import served_api
from .store.stores import BEGAN_MS, made, rows_of, write
from .test_console_calls import assert_tame
from .told import HOSTILE

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

COUNT = 1_000
RATE_HZ = 8_000
LOOK_AGAIN_S = 0.02


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return the browser of all tests here."""
    async with launched() as running:
        yield running


def recorded(folder: Path) -> None:
    """Write a recording: the caller is loud in the first half, the agent in the second."""
    path = folder / "recordings" / "x.wav"
    path.parent.mkdir()
    tone = (np.sin(np.arange(2 * RATE_HZ) / 3) * 12_000).astype(np.int16)
    quiet = np.zeros_like(tone)
    sides = np.stack([np.concatenate([tone, quiet]), np.concatenate([quiet, tone])], axis=1)
    file = WavWriter(path, RATE_HZ, 2)
    file.write(sides.reshape(-1))
    file.close()


def stored(folder: Path) -> CallQueries:
    """Return a store with 1,000 calls, one of them whole, one hostile."""
    url = f"sqlite:///{folder}/store.db"
    path = str(folder / "recordings" / "x.wav")
    whole: list[facts.Fact] = [
        facts.CallRecorded(path, "announced", 4_000, "ab12", ())
        if isinstance(fact, facts.CallRecorded)
        else fact
        for fact in CALL
    ]
    hostile: list[facts.Fact] = [
        facts.CallOffered("incoming", HOSTILE, HOSTILE, HOSTILE),
        facts.CallRouted(HOSTILE, HOSTILE),
        facts.CallAnswered(1, "PCMU"),
        facts.AgentSaid("a", HOSTILE, HOSTILE * 30, HOSTILE[:9], 1, True),
        facts.ToolCalled("t", HOSTILE, HOSTILE, HOSTILE, True, 1),
        facts.NoteTaken(HOSTILE, HOSTILE),
        facts.CallerSaid("c", HOSTILE * 30),
        CALL[-1],
    ]
    many = [
        {
            "call_id": f"c{number:04}",
            "started_at_ms": BEGAN_MS - number * 60_000,
            "ended_at_ms": BEGAN_MS - number * 60_000 + 30_000,
            "changed_at_ms": BEGAN_MS,
            "called": "+49301110",
            "caller": f"+49170{number:04}",
            "plan": "night" if number % 10 else "day",
            "result": "completed",
            "reason": "agent_hung_up",
            "duration_ms": 30_000,
        }
        for number in range(COUNT - 2)
    ]
    with made(url) as engine:
        with engine.begin() as connection:
            connection.execute(insert(CALLS), many)
        write(engine, *rows_of("whole", whole, began_ms=BEGAN_MS + 60_000))
        write(engine, *rows_of("hostile", hostile, began_ms=BEGAN_MS + 120_000))
    return CallQueries(url)


async def holds(page: Page, condition: str) -> None:
    """Wait for something that no element shows; the test's own limit ends it."""
    while not await page.evaluate(condition):
        await asyncio.sleep(LOOK_AGAIN_S)  # another process: there is no event to wait for


async def test_a_thousand_calls_are_scrolled_searched_and_come_back_to(
    browser: Browser, tmp_path: Path
) -> None:
    queries = stored(tmp_path)
    async with (
        served_api(tmp_path, queries=queries) as running,
        opened(browser, running.port, "past") as page,
    ):
        rows = page.locator(".rows li")
        await expect(rows.nth(1)).to_contain_text("+4930123456 → +49301110")
        await expect(rows.nth(1)).to_contain_text("the caller hung up")
        assert await page.evaluate(IS_NAMED)
        to_end = "r => { r.scrollTop = r.scrollHeight }"
        while not await page.locator("[data-id=c0997]").count():
            await page.locator(".rows").evaluate(to_end)
        await expect(page.locator("[data-id=c0997]")).to_be_visible()
        assert await rows.count() < 60  # only what is seen
        await page.get_by_role("textbox", name="Plan").fill("day")
        await expect(page.locator("[data-id=c0010]")).to_be_visible()
        await expect(page.locator("[data-id=c0001]")).to_have_count(0)
        for key in ("Escape", *("j" * 30), "k"):
            await page.keyboard.press(key)
        await expect(page.locator("[data-id=c0280] a")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="+491700280")).to_be_visible()
        await page.keyboard.press("b")
        await expect(page.locator("[data-id=c0280] a")).to_be_focused()
        await expect(page.get_by_text("Turn gap")).to_be_visible()
        await page.keyboard.press("/")
        await page.keyboard.type("no such")
        await expect(page.get_by_text("No calls like that")).to_be_visible()


async def test_a_past_call_is_looked_at_and_played(browser: Browser, tmp_path: Path) -> None:
    recorded(tmp_path)
    queries = stored(tmp_path)
    async with (
        served_api(tmp_path, queries=queries) as running,
        opened(browser, running.port, "call/whole", expected="status of 404") as page,
    ):
        talk = page.get_by_role("log")
        for text in ("lookup", "answered after 250 ms", "Reception", "hands over to Billing"):
            await expect(talk).to_contain_text(text)
        for text in ("prices", "stopped an answer", "say One moment.", "takes a message of Ada"):
            await expect(talk).to_contain_text(text)
        await expect(talk.locator("s")).to_have_text(" two three")
        await expect(page.locator(".chip")).to_have_text("ended: the caller hung up")
        await expect(page.locator(".facts")).to_contain_text("announced")
        await expect(page.locator("canvas")).to_be_visible()
        loud = await page.evaluate(
            """() => { const c = document.querySelector("canvas");
                const all = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
                const tall = (x, from) => [...Array(Math.floor(c.height / 2)).keys()].filter(
                  (y) => all[4 * ((y + from) * c.width + x) + 3] > 0).length;
                return [[0.2, 0], [0.8, 0], [0.2, 0.5], [0.8, 0.5]].map(
                  ([x, y]) => tall(Math.floor(c.width * x), Math.floor(c.height * y))); }"""
        )
        assert min(loud[0], loud[3]) > 5 * max(loud[1], loud[2])
        await expect(page.locator("audio")).to_have_js_property("duration", 4)
        await page.keyboard.press("p")
        at = "document.querySelector('audio').currentTime"
        await holds(page, f"{at} > 0")
        await page.keyboard.press("p")
        await page.locator("canvas").click(position={"x": 5, "y": 5})
        await holds(page, f"{at} < 0.2")
        await talk.get_by_role("button", name="Play from").last.click()
        await holds(page, f"{at} > 0")
        await page.keyboard.press("d")
        await expect(page.get_by_text("No flight record")).to_be_visible()


IS_NAMED = """[...document.querySelectorAll(".rows-head span")].every((name, index) => {
  const cell = document.querySelectorAll(".rows li a > span")[index].getBoundingClientRect();
  const head = name.getBoundingClientRect();
  return Math.abs(head.left - cell.left) < 1 && Math.abs(head.right - cell.right) < 1;
})"""
"""Each figure of a list stands below its name."""

ENDS_IN_DOTS = """[...document.querySelectorAll(".rows .who")].every((each) => {
  const style = getComputedStyle(each);
  return style.display === "block" && style.textOverflow === "ellipsis";
})"""
"""Of a text that is too long: a flex container would cut it off in the middle of a letter."""

IS_WIDE = """document.querySelector(".facts").clientWidth
  === document.querySelector(".parties").clientWidth"""
"""Facts of a call have the whole page, not what a button leaves."""


async def test_what_callers_wrote_is_text_in_list_and_record(
    browser: Browser, tmp_path: Path
) -> None:
    queries = stored(tmp_path)
    narrow = {"width": 400, "height": 700}
    async with (
        served_api(tmp_path, queries=queries) as running,
        opened(browser, running.port, "past", viewport=narrow) as page,
    ):
        row = page.locator("[data-id=hostile]")
        await expect(row).to_contain_text("<script>alert(1)</script>")
        await assert_tame(page)
        assert await page.evaluate(f"({IS_NAMED}) && ({ENDS_IN_DOTS})")
        await row.click()
        talk = page.get_by_role("log")
        await expect(talk.locator("[data-kind=tool]")).to_contain_text("<script>")
        await expect(talk.locator("[data-kind=note]")).to_contain_text(r"\u202e")
        await assert_tame(page)
        assert await page.evaluate(IS_WIDE)
