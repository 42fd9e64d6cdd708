"""Calls that last, on the console: the list, and one with what a person may have done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from sipagent.calls import facts
from sipagent.operator_acts import (
    ActAnswer,
    Flag,
    HandOver,
    HangUp,
    Mute,
    OperatorAct,
    Say,
    TransferTo,
    Whisper,
)
from sipagent.ops.channel import ApprovalClosed, OperatorAsked
from sipagent.ops.clock import unix_time

from .browser import launched, needs_chromium, opened
from .served import Served, asked, served_api
from .told import ENDED, HOSTILE, told

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="module")]

TALK = (
    facts.CallOffered("incoming", "sip-1", "+49301110", "+4930123456", "192.0.2.1:5060"),
    facts.CallRouted("desk", "Ada"),
    facts.CallAnswered(400, "PCMU"),
    facts.AgentSoundStarted("a", "Ada", None),
    facts.AgentSaid("a", "Ada", "Good morning.", "Good morning.", 900, False),
    facts.CallerSaid("c", "My parcel is lost."),
    facts.AgentSoundStarted("b", "Ada", 720),
    facts.AgentSaid("b", "Ada", "That is a pity, and", "That is", 300, True),
    facts.LineSeen(950, 1_000, 50, 0, 4.0, 20.0, 3.2, 4.3),
    facts.UsageReported(70, 11),
    facts.ToolStarted("t", "lookup"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return the browser of all tests here."""
    async with launched() as running:
        yield running


def tell(running: Served, *happened: facts.Fact, call_id: str = "c1", ago_s: float = 0) -> None:
    """Have the box hear of a call."""
    running.api.heard("w", told(*happened, call_id=call_id, at=unix_time() - ago_s))


def acts(running: Served) -> list[OperatorAct]:
    """Return what the process with the calls was asked for."""
    return [message.act for _, message in running.sent if isinstance(message, OperatorAsked)]


async def assert_tame(page: Page) -> None:
    """Hold that what others wrote is text, all of it to be seen, and no wider than the window."""
    assert await page.locator("#page script").count() == 0
    shown = await page.locator("#page").inner_text()
    assert "<script>alert(1)</script>" in shown
    assert not set("\u202e\u2028\x1b\x00") & set(shown)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(width) == 0


async def test_a_call_is_listed_as_it_goes(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, opened(browser, running.port) as page:
        await expect(page.get_by_text("No calls")).to_be_visible()
        tell(running, *TALK, ago_s=65)
        row = page.locator("tr[data-id=c1]")
        for text in ("+4930123456 → +49301110", "desk", "Ada", "talking", "720 ms"):
            await expect(row).to_contain_text(text)
        await expect(row).to_contain_text("MOS 3.2 · 5.0\u00a0% lost")
        await expect(row).to_contain_text("81 tokens")
        await expect(row).to_contain_text("1 min 0")
        await expect(row.locator(".poor")).to_have_count(1)
        tell(running, facts.CallerSpeechStarted("d"))
        await expect(row.locator("[data-floor=caller]")).to_have_text("caller")
        running.api.heard("w", asked("a1"))
        await expect(row).to_contain_text("waits for approval")
        tell(running, ENDED)
        await expect(row).to_contain_text("ended: the caller hung up")
        used = facts.UsageReported(1_000, 2_000, audio_tokens_in=1_000, audio_tokens_out=2_000)
        tell(running, *TALK[:3], facts.SessionOpened(9, "priced"), used, *TALK[3:9], call_id="c2")
        await expect(page.locator("tr[data-id=c2]")).to_contain_text("0.05")
        await expect(page.locator("tr[data-id=c2]")).to_be_visible()
        for key in ("j", "j", "k", "ArrowDown"):
            await page.keyboard.press(key)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"http://127.0.0.1:{running.port}/#/call/c2")
        await expect(page.get_by_role("log")).to_contain_text("My parcel is lost.")
        await page.keyboard.press("b")
        await expect(page.locator("tr")).to_have_count(3)


async def test_a_call_is_followed(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        tell(running, *TALK)
        async with opened(browser, running.port, "call/c1") as page:
            talk = page.get_by_role("log")
            await expect(talk.locator("li")).to_have_count(4)
            turn = talk.locator("li").nth(2)
            await expect(turn).to_contain_text("interrupted")
            await expect(turn.locator("s")).to_have_text(" a pity, and")
            await expect(talk.locator("[data-kind=tool]")).to_contain_text("lookup")
            await page.evaluate("document.querySelector('.talk li').id = 'same'")
            tell(running, facts.ToolCalled("t", "lookup", "{}", "found", False, 250))
            await expect(talk.locator("[data-kind=tool]")).to_contain_text("ran for")
            tell(
                running,
                facts.AgentChanged("Ada", "Bob"),
                facts.AgentWorded("d", "Bob", "Bob speaking."),
                facts.OperatorActed("whisper", "duty", {"text": "Be kind."}),
            )
            await expect(talk).to_contain_text("hands over to Bob")
            await expect(talk.locator("[data-kind=operator]")).to_contain_text("dutyoperator")
            await expect(talk).to_contain_text("whisper Be kind.")
            await expect(page.locator("#same")).to_contain_text("Good morning.")  # stays in place
            running.api.heard("w", asked("a1"))
            await expect(page).to_have_title("(1) +4930123456 → +49301110 · sipagent")
            tell(running, ENDED)
            running.api.heard("w", ApprovalClosed("a1", is_decided=False))
            await expect(page.locator(".chip")).to_have_text("ended: the caller hung up")
            await expect(page.get_by_role("region", name="What to do")).to_be_hidden()


async def test_everything_can_be_done_by_keys(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        tell(running, *TALK)
        async with opened(browser, running.port, "call/c1", expected="status of 409") as page:
            await expect(page.locator("option[value=Bob]")).to_have_count(1)
            await expect(page.locator("[list=targets-of-plan]")).to_have_count(1)
            await expect(page.locator("#targets-of-plan option[value=desk]")).to_have_count(1)
            outcome = page.locator(".acts .outcome")
            for key, text, done in (
                ("w", "Be kind: x m.", "Whispered"),
                ("s", "One moment.", "Being said"),
                ("h", "Bob", "Handed over"),
                ("t", "desk", "Transfer begins"),
                ("t", "sip:+4930@pbx.example", "Transfer begins"),
            ):
                await page.keyboard.press(key)
                await page.keyboard.type(text)
                await page.keyboard.press("Enter")
                await expect(outcome).to_have_text(done)
                await page.keyboard.press("Escape")
            await page.keyboard.press("m")
            await expect(outcome).to_have_text("Muted")
            tell(running, facts.OperatorActed("mute", "duty", {"direction": "inbound"}))
            pressed = page.get_by_role("button", name="Mute caller", pressed=True)
            await expect(pressed).to_be_visible()
            await page.keyboard.press("m")
            await expect(outcome).to_have_text("Not muted any more")
            await page.keyboard.press("f")
            await expect(outcome).to_contain_text("Flagged")
            await page.keyboard.press("x")
            await expect(page.get_by_role("button", name="Really hang up?")).to_be_visible()
            assert acts(running) == [
                Whisper("Be kind: x m."),
                Say("One moment."),
                HandOver("Bob"),
                TransferTo("desk", briefing=""),
                TransferTo("sip:+4930@pbx.example", "sip:+4930@pbx.example"),
                Mute("inbound", True),
                Mute("inbound", False),
                Flag(),
            ]
            running.done = ActAnswer(409, "the caller is on hold")
            await page.keyboard.press("x")
            await expect(outcome).to_have_text("Not done: the caller is on hold")
            assert acts(running)[-1] == HangUp(True)


async def test_whoever_may_only_look_is_told(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path, bind="0.0.0.0", token="s3cret") as running:
        tell(running, *TALK)
        async with opened(browser, running.port, "call/c1", expected="status of 40") as page:
            await page.get_by_label("Token", exact=True).fill("s3cret-read")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("My parcel is lost.")).to_be_visible()
            await page.keyboard.press("f")
            await expect(page.locator(".acts .outcome")).to_contain_text('the role "operate"')
            assert acts(running) == []


async def test_what_callers_write_is_text(browser: Browser, tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        tell(
            running,
            facts.CallOffered("incoming", HOSTILE, HOSTILE, HOSTILE, HOSTILE),
            facts.CallRouted(HOSTILE, HOSTILE),
            facts.CallAnswered(1, HOSTILE),
            facts.AgentSaid("a", HOSTILE, HOSTILE * 30, HOSTILE[:10], 1, True),
            facts.CallerSaid("c", HOSTILE * 30),
            facts.ToolStarted("t", HOSTILE),
            facts.OperatorActed("whisper", HOSTILE, {"text": HOSTILE}),
            facts.SilenceNamed(HOSTILE, HOSTILE),
        )
        narrow = {"width": 400, "height": 700}
        async with opened(browser, running.port, viewport=narrow) as page:
            row = page.locator("tr[data-id=c1]")
            await expect(row).to_contain_text("<script>alert(1)</script>")
            await expect(row).to_contain_text(r"\u202e")
            await assert_tame(page)
            await page.keyboard.press("j")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("log")).to_contain_text("<script>alert(1)</script>")
            await assert_tame(page)


async def test_a_call_that_is_not_there_is_said(browser: Browser, tmp_path: Path) -> None:
    async with (
        served_api(tmp_path) as running,
        opened(browser, running.port, "call/%2e%2e%2fplans", expected="status of 404") as page,
    ):
        await expect(page.get_by_text("There is no such call.")).to_be_visible()
