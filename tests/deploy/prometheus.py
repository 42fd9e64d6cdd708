"""A Prometheus of the tests' own, on a free port, and what it is asked."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "sipagent.rules.yml"

LOOK_AGAIN_S = 0.1

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed"
)


class Prometheus:
    """One that runs."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def asks(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._url}/api/v1/{path}", params=parameters) as answer,
        ):
            body = await answer.json()
        assert body["status"] == "success", (parameters, body)
        return body["data"]

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query."""
        result: list[dict[str, Any]] = (await self.asks("query", query=expression))["result"]
        return result

    async def until(self, expression: str, holds: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Ask until it holds; the test's own limit ends it."""
        while not holds(await self.query(expression)):
            await asyncio.sleep(LOOK_AGAIN_S)


@asynccontextmanager
async def prometheus(folder: Path, target_port: int) -> AsyncIterator[Prometheus]:
    """Have one scrape an appliance twice a second, with our rules, until the end of the block."""
    config = folder / "prometheus.yml"
    config.write_text(
        f"""
global: {{ scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms }}
rule_files: ["{RULES}"]
scrape_configs:
  - job_name: sipagent
    static_configs: [{{ targets: ["127.0.0.1:{target_port}"] }}]
"""
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "prometheus.txt").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        running = Prometheus(f"http://127.0.0.1:{port}")
        while True:
            assert process.returncode is None, (folder / "prometheus.txt").read_text()
            try:
                await running.asks("status/buildinfo")
                break
            except (aiohttp.ClientError, ValueError):
                await asyncio.sleep(LOOK_AGAIN_S)
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
