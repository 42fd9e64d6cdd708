"""PJSIP's jitter buffer, as it is set, suits bad lines and costs clean ones nothing."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^(.+?)\s+([\d.]+) %\s+([\d.]+) %\s+([\d.]+) ms$", re.MULTILINE)


async def test_it_adapts_to_bad_lines_and_delays_no_clean_one() -> None:
    process = await asyncio.create_subprocess_exec(  # PJLIB is this process's only once
        *(sys.executable, "-m", "benchmarks.jitter_buffer"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    rows = {name: tuple(map(float, row)) for name, *row in ROW.findall(output.decode())}
    assert rows["clean"][:2] == (0.0, 0.0)
    assert rows["clean"][2] == pytest.approx(9.5)
    lost, late, delay_ms = rows["5 % lost, 40 ms jitter, reordered"]
    assert lost == pytest.approx(5, abs=0.5)
    assert late < 2
    assert delay_ms < 90
    assert rows["40 ms jitter, reordered"][1] < 0.5
