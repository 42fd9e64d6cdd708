"""Taking no more calls, and how much is logged, over HTTP."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from sipagent.ops.api_routes import V1
from sipagent.ops.channel import Drain, Ready, SetLogLevels, Undrain

from .served import served_api
from .told import ENDED, OFFERED, told

DRAIN, LEVELS = f"{V1}/drain", f"{V1}/log-level"
READY = Ready(5060, 4, 1)
DRAINS = Drain(30, then_ends=False)


async def test_every_process_takes_no_more_calls_until_told_so(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", told(OFFERED))
        running.api.heard("w", told(OFFERED, ENDED, call_id="d"))
        assert await running.asks("GET", DRAIN) == (200, {"draining": False, "calls": 1})
        assert await running.asks("POST", DRAIN) == (200, {"draining": True, "calls": 1})
        assert running.sent == [("w", DRAINS), ("attached", DRAINS)]
        assert (await running.asks("DELETE", DRAIN))[1]["draining"] is False
        assert running.sent[2:] == [("w", Undrain()), ("attached", Undrain())]


async def test_a_process_that_starts_is_told_how_things_are(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        running.api.heard("w", READY)
        assert running.sent == []
        await running.asks("POST", DRAIN)
        await running.asks("PUT", LEVELS, json={"levels": {"sipagent.sip": "debug"}})
        running.sent.clear()
        running.api.heard("w", READY)
        assert running.sent == [("w", DRAINS), ("w", SetLogLevels({"sipagent.sip": "debug"}))]


async def test_levels_are_set_whole(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        first, second = {"sipagent.sip": "debug", "sipagent.x": "error"}, {"sipagent.x": "info"}
        for levels in (first, second):
            shown = await running.asks("PUT", LEVELS, json={"levels": levels})
            assert shown == await running.asks("GET", LEVELS) == (200, {"levels": levels})
        assert running.sent[-1] == ("attached", SetLogLevels(second))
        assert logging.getLogger("sipagent.sip").level == logging.NOTSET
        assert logging.getLogger("sipagent.x").level == logging.INFO
        await running.asks("PUT", LEVELS, json={"levels": {}})
        assert logging.getLogger("sipagent.x").level == logging.NOTSET


@pytest.mark.parametrize(
    "levels",
    [
        {"websockets": "debug"},
        {"": "debug"},
        {"sipagent.sip\n": "debug"},
        {"sipagent..sip": "debug"},
        {"sipagent": "loud"},
        {"sipagent": 10},
        {f"sipagent.p{'x' * 50}": "info"},
    ],
)
async def test_libraries_and_what_is_no_level_are_refused(
    tmp_path: Path, levels: dict[str, Any]
) -> None:
    async with served_api(tmp_path) as running:
        assert (await running.asks("PUT", LEVELS, json={"levels": levels}))[0] == 400
        assert running.sent == []
