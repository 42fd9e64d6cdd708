"""Somebody on duty has the console open while a caller waits: real SIP, RTP, HTTP and browser."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.ops.browser import launched, needs_chromium, opened
from tests.telephony.refund_call import heard, refund_line
from tests.telephony.sipp import needs_sipp

pytestmark = [needs_sipp, needs_chromium]

COLLEAGUE = """
[recording]
enabled = true

[[agents]]
name = "Colleague"
instructions = "You are a colleague of the refund line."
tools = ["delegate", "hangup"]

[backend]
"""
SCRIPT = """
[[agents]]
name = "Colleague"
greeting = "Hello, this is your colleague."
otherwise = ["Hello, this is your colleague."]
"""


async def test_a_call_is_followed_steered_ended_and_heard_again(tmp_path: Path) -> None:
    changes = {"[backend]": COLLEAGUE}
    async with (
        launched() as browser,
        refund_line(tmp_path, changes=changes, script=SCRIPT) as (running, _, caller),
        opened(browser, running.http_port) as page,
    ):
        # Follow it.
        row = page.locator("tbody tr")
        await expect(row).to_contain_text("waits for approval")
        await expect(row).to_contain_text("Refund line")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        talk = page.get_by_role("log")
        await expect(talk).to_contain_text("Please key in the number of your order")
        await expect(talk.locator("[data-kind=tool]")).to_contain_text("delegate")
        # Approve what its tool wants.
        await page.get_by_role("link", name="A tool waits for approval").click()
        card = page.locator(".card")
        await expect(card.locator("pre")).to_have_text('{\n  "order": "one two three"\n}')
        await expect(page.locator("#box-text")).to_have_text("Ready · 1 of 4 calls")
        await page.keyboard.press("j")
        await page.keyboard.press("a")
        await expect(card).to_contain_text("Approved by you")
        await heard(running, "Order 1 2 3 is refunded")
        await card.locator(".who a").click()
        await expect(talk).to_contain_text("Order 1 2 3 is refunded")
        # Whisper, and hand over.
        await expect(page.locator("option[value=Colleague]")).to_have_count(1)
        for key, text, done in (
            ("w", "The caller is in a hurry.", "Whispered"),
            ("h", "Colleague", "Handed over"),
        ):
            await page.keyboard.press(key)
            await page.keyboard.type(text)
            await page.keyboard.press("Enter")
            await expect(page.locator(".acts .outcome")).to_have_text(done)
            await page.keyboard.press("Escape")
        await expect(talk).to_contain_text("whisper The caller is in a hurry.")
        await expect(talk).to_contain_text("hands over to Colleague")
        await heard(running, "Hello, this is your colleague")
        # Listen in, and no more.
        await page.keyboard.press("l")
        await expect(page.get_by_role("button", name="Listening", pressed=True)).to_be_visible()
        await page.keyboard.press("l")
        await expect(page.get_by_role("button", name="Listen", pressed=False)).to_be_visible()
        # Hang up, and hear it again.
        await page.keyboard.press("x")
        await page.keyboard.press("x")
        await caller.succeeds()
        await expect(page.locator("audio")).to_be_visible()
        await expect(page.locator("canvas")).to_be_visible()
        await expect(page.locator(".chip")).to_have_text("ended: ended by hand")
        await page.get_by_role("link", name="Past calls").first.click()
        await page.locator(".rows li a").click()
        await expect(talk.locator("[data-kind=handoff]")).to_contain_text("Colleague")
        await page.keyboard.press("p")
        await expect(page.locator("audio")).to_have_js_property("paused", False)
        # See a plan that is broken.
        await page.get_by_role("link", name="Plans").click()
        await expect(page.locator(".facts")).to_contain_text("what is in the folder")
        plan = tmp_path / "plans" / "test.toml"
        plan.write_text("nmae = 7\n" + plan.read_text())
        await expect(page.get_by_role("link", name="Plans")).to_contain_text("!")
        problems = page.get_by_role("region", name="Problems")
        await expect(problems).to_contain_text("test.toml")
        await expect(problems).to_contain_text("nmae")
        (record,) = await running.until_records(1)
        assert record["tool_calls"][0]["output"].startswith("Order 1 2 3 is refunded")
        assert [each["act"] for each in record["operator"]] == [
            "whisper",
            "hand_over",
            "listen",
            "hang_up",
        ]
