"""Figures and the state of the box, on the console."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from sipagent.calls import facts
from sipagent.ops.clock import unix_time
from sipagent.ops.status import Readiness
from sipagent.ops.store.queries import CallQueries

from .browser import launched, needs_chromium, opened
from .script import CALL
from .served import served_api
from .store.stores import made, rows_of, write
from .test_console_calls import assert_tame
from .told import HOSTILE

pytestmark = [needs_chromium]

DAY_MS = 86_400_000


async def test_the_last_days_are_plotted_and_listed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    now_ms = int(unix_time() * 1000)
    hostile: list[facts.Fact] = [
        facts.CallRouted(HOSTILE, "x") if isinstance(each, facts.CallRouted) else each
        for each in CALL
    ]
    with made(url) as engine:
        for number, call in enumerate((CALL, CALL, CALL, hostile)):
            began_ms = now_ms - number // 2 * DAY_MS
            write(engine, *rows_of(f"c{number}", call, began_ms=began_ms))
    narrow = {"width": 400, "height": 700}
    async with (
        launched() as browser,
        served_api(tmp_path, queries=CallQueries(url)) as running,
        opened(browser, running.port, "figures", viewport=narrow) as page,
    ):
        running.readiness = Readiness(False, ("draining",), 3, 4)
        rows = page.get_by_role("region", name="By day").locator("tbody tr")
        await expect(rows).to_have_count(2)
        await expect(page.locator("rect.good")).to_have_count(2)
        await expect(page.locator("rect.accent")).to_have_count(2)
        await expect(rows.first).to_contain_text("700 ms")
        await assert_tame(page)
        plan = page.get_by_label("Plan")
        await plan.select_option(index=1)
        await expect(rows).to_have_count(1)
        await expect(page.locator("rect.good")).to_have_count(1)
        await expect(page.locator("#box-text")).to_contain_text("Draining")
        await plan.blur()
        await page.keyboard.press("u")
        box = page.get_by_role("region", name="The box")
        await expect(box).to_contain_text("draining")
        await expect(box).to_contain_text("3 of 4")
