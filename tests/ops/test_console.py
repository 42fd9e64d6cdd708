"""The console, in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sipagent.ops.channel import ApprovalClosed, ApprovalDecided
from sipagent.ops.clock import unix_time
from sipagent.ops.status import Readiness

from .browser import launched, needs_chromium, opened
from .served import asked, served_api

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]


HOSTILE = {
    "html": '<img src=x onerror="document.title=1"><script>document.title=1</script>',
    "turned": "\u202egnp.exe",
    "right_to_left": "שלום עולם",
    "hidden": "4\u200b2",
    "long": "w" * 5_000,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return the browser of all tests here."""
    async with launched() as running:
        yield running


async def test_questions_appear_and_go_by_themselves(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        await expect(page.get_by_text("Nothing waits for approval")).to_be_visible()
        running.api.heard("w", asked("a1", asked_at=unix_time() - 65))
        card = page.locator("[data-id=a1]")
        await expect(card).to_contain_text("agent Back office")
        await expect(card).to_contain_text("plan refunds")
        await expect(card).to_contain_text("call c1")
        await expect(card.locator("pre")).to_have_text('{\n  "order": "7"\n}')
        await expect(card.locator(".waited")).to_contain_text("1 min 0")
        await expect(page).to_have_title("(1) Approvals · sipagent")
        await expect(page.locator("#announcer")).to_contain_text("refund waits for approval")
        running.api.heard("w", asked("a2"))
        await expect(page.locator(".card")).to_have_count(2)
        running.api.heard("w", ApprovalClosed("a1", is_decided=False))
        await expect(card).to_contain_text("Gone: nobody decided in time")
        await running.decides(approval_id="a2")
        await expect(page.locator("[data-id=a2]")).to_contain_text("Approved by somebody else")
        await expect(page).to_have_title("Approvals · sipagent")


async def test_a_click_approves(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        running.api.heard("w", asked("a1"))
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Approved by you")
        assert running.sent == [("w", ApprovalDecided("a1", True, ""))]


async def test_keys_choose_and_decide(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        for approval_id in ("a1", "a2", "a3"):
            running.api.heard("w", asked(approval_id))
        await expect(page.locator(".card")).to_have_count(3)
        await page.keyboard.press("a")  # nobody has chosen one: it chooses, and decides nothing
        await expect(page.locator("[data-id=a1]")).to_be_focused()
        for key in ("j", "ArrowDown", "k"):
            await page.keyboard.press(key)
        await expect(page.locator("[data-id=a2]")).to_be_focused()
        await page.keyboard.press("a")
        await expect(page.locator("[data-id=a2]")).to_contain_text("Approved by you")
        await page.keyboard.press("a")  # of what is decided
        await page.keyboard.press("j")
        await page.keyboard.press("m")
        await page.keyboard.type("ajar")  # text, and no keys
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        await expect(page.locator("[data-id=a3]")).to_contain_text("Rejected by you")
        await expect(page.locator("[data-id=a3]")).to_be_focused()
        assert running.sent == [
            ("w", ApprovalDecided("a2", True, "")),
            ("w", ApprovalDecided("a3", False, "ajar")),
        ]


async def test_enter_in_the_message_rejects_with_it(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        running.api.heard("w", asked("a1"))
        await page.get_by_label("Message to the agent").fill("Over the limit.")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-id=a1]")).to_contain_text("Rejected by you")
        assert running.sent == [("w", ApprovalDecided("a1", False, "Over the limit."))]


async def test_a_late_decision_is_told(browser: Browser, tmp_path: Path) -> None:
    async with (
        served_api(tmp_path) as running,
        opened(browser, running.port, "approvals", expected="status of 409") as page,
    ):
        running.in_time = False
        running.api.heard("w", asked("a1"))
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Too late")


async def test_what_is_decided_keeps_its_place_until_nobody_points_at_the_list(
    browser: Browser, tmp_path: Path
) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        await page.clock.install()
        running.api.heard("w", asked("a1"))
        running.api.heard("w", asked("a2"))
        await page.locator("[data-id=a1]").get_by_role("button", name="Approve").click()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Approved by you")
        await page.clock.run_for(20_000)
        await expect(page.locator(".card")).to_have_count(2)
        await page.mouse.move(1, 1)
        await page.evaluate("document.activeElement.blur()")
        await page.clock.run_for(2_000)
        await expect(page.locator(".card")).to_have_count(1)
        await expect(page.locator(".past")).to_contain_text("Approved by you")


async def test_arguments_are_text_whatever_they_are(browser: Browser, tmp_path: Path) -> None:
    written = json.dumps(HOSTILE, ensure_ascii=False)
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        running.api.heard("w", asked("a1", arguments=written, tool="<b>refund</b>"))
        running.api.heard("w", asked("a2", arguments='{"n": 12345678901234567890, "n": 1.50}'))
        running.api.heard("w", asked("a3", arguments="<i>not JSON</i>\u202e"))
        running.api.heard("w", asked("a4", arguments="[" * 4_000 + "]" * 4_000))
        card = page.locator("[data-id=a1]")
        shown = await card.locator("pre").inner_text()
        for text in (HOSTILE["right_to_left"], HOSTILE["long"], r"\u202egnp.exe", r"4\u200b2"):
            assert text in shown
        assert json.loads(shown) == HOSTILE  # escapes are JSON's own
        await expect(card.locator("h2")).to_have_text("<b>refund</b>")
        await expect(card.get_by_text("scroll to see all of them")).to_be_visible()
        assert await page.locator("#page :is(img, script, b, i)").count() == 0
        await expect(page.locator("[data-id=a2] pre")).to_have_text(
            '{\n  "n": 12345678901234567890,\n  "n": 1.50\n}'
        )
        await expect(page.locator("[data-id=a3] pre")).to_have_text("<i>not JSON</i>\\u202e")
        await expect(page.locator("[data-id=a4] pre")).to_contain_text("[]")
        assert len(await page.locator("[data-id=a4] pre").inner_text()) < 1_000_000
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(width) == 0


async def test_a_token_is_asked_for_and_kept_out_of_the_address(
    browser: Browser, tmp_path: Path
) -> None:
    token = "s3crét token"
    async with (
        served_api(tmp_path, bind="0.0.0.0", token=token) as running,
        opened(browser, running.port, "approvals", expected="status of 401") as page,
    ):
        running.api.heard("w", asked("a1"))
        await page.get_by_label("Token", exact=True).fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("does not accept this token")).to_be_visible()
        await page.get_by_label("Token", exact=True).fill(token)
        await page.get_by_role("button", name="Connect").click()
        await expect(page.locator("[data-id=a1]")).to_be_visible()
        await page.reload()
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Approved by you")
        assert "s3cr" not in page.url
        assert await page.evaluate("localStorage.length + document.cookie.length") == 0


async def test_the_state_of_the_box_is_shown(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        await expect(page.locator("#box-text")).to_have_text("Ready · 1 of 4 calls")
        running.readiness = Readiness(False, ("draining",), 3, 4, 12, 50)
        await expect(page.locator("#box-text")).to_have_text(
            "Draining · 3 of 4 calls · 12 of 50 attached"
        )


async def test_without_the_stream_it_asks_again_and_again(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port, "approvals") as page:
        await page.route("**/api/v1/events", lambda route: route.fulfill(body="", status=200))
        await page.reload()
        await expect(page.locator("#box-text")).to_contain_text("polling")
        running.api.heard("w", asked("a1"))
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Approved by you")


async def test_a_lost_connection_is_told_until_it_is_back(browser: Browser, tmp_path: Path) -> None:
    async with (
        served_api(tmp_path) as running,
        opened(browser, running.port, "approvals", expected="net::ERR_") as page,
    ):
        running.api.heard("w", asked("a1"))
        await expect(page.locator("[data-id=a1]")).to_be_visible()
        await running.close()
        await expect(page.locator("#banner")).to_contain_text("Connection lost")
        await expect(page.locator("#box-text")).to_have_text("Not connected")
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Not decided")
        await running.start()
        running.api.heard("w", asked("a2"))
        await expect(page.locator("[data-id=a2]")).to_be_visible()
        await expect(page.locator("[data-id=a1]")).to_contain_text("Gone")
        await expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read_in_both_schemes(
    browser: Browser, tmp_path: Path, scheme: str
) -> None:
    async with (
        served_api(tmp_path) as running,
        opened(browser, running.port, "approvals", color_scheme=scheme) as page,
    ):
        running.api.heard("w", asked("a1"))
        await expect(page.locator("[data-id=a1]")).to_be_visible()
        ground, *texts = await page.evaluate(
            """[".card", ".tool", ".name", ".waited", ".approve", ".reject", ".string", ".key"].map(
                (each, index) => getComputedStyle(document.querySelector(each))[
                    index ? "color" : "backgroundColor"])"""
        )
        assert (_luminance(ground) > 0.5) is (scheme == "light")
        assert min(_contrast(ground, text) for text in texts) >= 4.5  # WCAG 2.2, 1.4.3


def _luminance(colour: str) -> float:
    """Return the relative luminance of ``rgb(...)`` (WCAG 2.2)."""
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
