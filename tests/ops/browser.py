"""A headless Chromium of the system, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or ""
LIMIT_MS = 15_000

expect.set_options(timeout=LIMIT_MS)

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Run a browser until the end of the block."""
    async with async_playwright() as playwright:
        # Root has no sandbox; all that is opened is ours.
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser, port: int, address: str = "", *, expected: str = "", **options: Any
) -> AsyncIterator[Page]:
    """Open the console in a window of its own; nothing may have gone wrong at the end.

    Args:
        browser: Which.
        port: Of the box.
        address: Of the page, such as ``call/ID``; the first one if there is none.
        expected: What a line on the browser's console may have: it tells failed requests there.
        options: Of the window.
    """
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        is_expected = bool(expected) and expected in message.text
        if message.type in ("error", "warning") and not is_expected:
            faults.append(message.text)

    async with await browser.new_context(**options) as window:
        window.set_default_timeout(LIMIT_MS)
        page = await window.new_page()
        page.on("console", said)
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"http://127.0.0.1:{port}/#/{address}")
        yield page
        assert faults == [], faults
