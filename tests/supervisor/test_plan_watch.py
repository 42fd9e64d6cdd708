"""Edits that the system tells of."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from sipagent.supervisor import plan_watch
from sipagent.supervisor.plan_watch import PlanWatch


async def test_a_file_whose_name_is_no_text_does_not_end_the_listening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_watch, "QUIET_MS", 1)
    monkeypatch.setattr(plan_watch, "LOOK_S", 0.01)
    watch = PlanWatch(tmp_path, lambda: ())
    told = asyncio.Event()
    watch._told = told
    listening = asyncio.get_running_loop().create_task(watch.run(), name="file events")

    async def until_told(name: bytes) -> None:
        told.clear()
        while not told.is_set():  # it may not listen yet
            (tmp_path / os.fsdecode(name)).write_text("x")
            await asyncio.sleep(0.01)

    try:
        await until_told(b"a.toml")
        await until_told(b"caf\xe9.toml")
        await asyncio.sleep(0)
        await until_told(b"b.toml")
        await until_told(b"c.toml")
        assert not listening.done()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
