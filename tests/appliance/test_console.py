"""Somebody on duty has the console open while a caller waits: real SIP, RTP, HTTP and browser."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.ops.browser import launched, needs_chromium, opened
from tests.telephony.refund_call import goodbye, heard, refund_line
from tests.telephony.sipp import needs_sipp

pytestmark = [needs_sipp, needs_chromium]


async def test_a_refund_is_approved_on_the_page_and_the_answer_is_spoken(tmp_path: Path) -> None:
    async with launched() as browser, refund_line(tmp_path) as (running, peer, caller):
        async with opened(browser, running.http_port, "approvals") as page:
            card = page.locator(".card")
            await expect(card.locator("pre")).to_have_text('{\n  "order": "one two three"\n}')
            await expect(page.locator("#box-text")).to_have_text("Ready · 1 of 4 calls")
            await page.keyboard.press("j")
            await page.keyboard.press("a")
            await expect(card).to_contain_text("Approved by you")
        await heard(running, "Order 1 2 3 is refunded")
        record = await goodbye(running, peer, caller)
    assert record["tool_calls"][0]["output"].startswith("Order 1 2 3 is refunded")
