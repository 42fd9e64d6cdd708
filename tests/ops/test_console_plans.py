"""The plans on the console: what is wrong, versions, and what files would make of past calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sipagent.dialplan.call_keys import CallKeys
from sipagent.dialplan.findings import Finding
from sipagent.dialplan.replay import RecordedRoute
from sipagent.ops.plan_state import PlanSummary
from tests.fakes.plan_keeper import WRONG

from .browser import launched, needs_chromium, opened
from .served import served_api
from .test_console_calls import assert_tame
from .told import HOSTILE

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return the browser of all tests here."""
    async with launched() as running:
        yield running


async def test_plans_are_checked_loaded_rolled_back_and_asked(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        served_api(tmp_path) as running,
        opened(browser, running.port, "plans", expected="status of 422") as page,
    ):
        outcome = page.locator("#page > .outcome")
        await expect(page.get_by_role("region", name="Plans in use")).to_contain_text("Ada, Bob")
        await page.keyboard.press("c")
        await expect(outcome).to_have_text("The folder is right")
        running.keeper.problems = (WRONG,)
        await page.keyboard.press("c")
        await expect(outcome).to_have_text("The folder is wrong")
        await page.keyboard.press("l")
        await expect(outcome).to_contain_text("Not loaded")
        problem = page.get_by_role("region", name="Problems").locator("tbody tr")
        for text in ("error", "plans/desk.toml", "3", "agents[0].name", "is missing"):
            await expect(problem).to_contain_text(text)
        await expect(page.locator("nav .broken")).to_have_text("!")
        running.keeper.problems = ()
        await page.get_by_role("button", name="Roll back to version 1").click()
        await expect(page.locator(".facts")).to_contain_text("rolled back to")
        assert running.keeper.state.version == 1
        running.store.routed = [
            RecordedRoute(CallKeys("2", HOSTILE, call_id=f"c{number}", at_s=1.7e9), "gone")
            for number in range(300)
        ]
        await page.get_by_label("How many").fill("250")
        await page.keyboard.press("Escape")
        await page.keyboard.press("t")
        await expect(outcome).to_contain_text("250 of 250 calls would go elsewhere; the first 200")
        found = page.get_by_role("region", name="What was found")
        await expect(found.locator("tbody tr")).to_have_count(200)
        await expect(found).to_contain_text("<script>alert(1)</script>")
        await assert_tame(page)


async def test_whatever_is_in_files_is_text(browser: Browser, tmp_path: Path) -> None:
    narrow = {"width": 400, "height": 700}
    async with (
        served_api(tmp_path) as running,
        opened(browser, running.port, "plans", viewport=narrow) as page,
    ):
        summary = PlanSummary(HOSTILE, HOSTILE, (HOSTILE,), 1, (HOSTILE,), (HOSTILE,))
        problem = Finding(Path("x" * 200), 1, HOSTILE, HOSTILE)
        state = replace(running.keeper.state, plans=(summary,), problems=(problem,))
        running.keeper.become(state)
        problems = page.get_by_role("region", name="Problems")
        await expect(problems).to_contain_text("<script>alert(1)</script>")
        await assert_tame(page)
