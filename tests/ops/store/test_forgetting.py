"""Old calls are forgotten: when, how fast, and not because a clock was set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from sipagent.ops.database import Database
from sipagent.ops.store import forgetting as forgetting_module
from sipagent.ops.store.forgetting import Forgetting
from sipagent.ops.store.retention import AT_A_TIME
from sipagent.ops.store.seen_days import DAY_MS
from sipagent.ops.store.tables import LOOKS
from tests.ops.script import CALL

from .stores import BEGAN_MS, counts, looked_daily, rows_of, write

DAYS = 5
YEARS_MS = 10 * 365 * DAY_MS


@dataclass(slots=True)
class Box:
    """A box, and its clock: the test sets it."""

    engine: Engine
    database: Database
    folder: Path
    now_ms: int = BEGAN_MS
    forgetting: Forgetting = field(init=False)

    def __post_init__(self) -> None:
        self.starts()

    def starts(self) -> None:
        """Begin again, as after a boot."""
        self.forgetting = Forgetting(
            DAYS, recordings=self.folder, flights=self.folder, clock=lambda: self.now_ms / 1000
        )

    def takes(self, call_id: str) -> None:
        """Have a call."""
        write(self.engine, *rows_of(call_id, [CALL[0], CALL[-1]], began_ms=self.now_ms))

    async def lives(self, days: int, *, calls: bool = False) -> None:
        """Run for some days, looking every half of one."""
        for half in range(2 * days):
            self.now_ms += DAY_MS // 2
            if calls and half % 2:
                self.takes(f"{self.now_ms}")
            await self.forgetting.look(self.database)

    @property
    def calls(self) -> int:
        """How many the store has."""
        return counts(self.engine).get("calls", 0)

    @property
    def is_held(self) -> bool:
        """What the metric says."""
        (family,) = self.forgetting.state.collect()
        return bool(family.samples[0].value)


@pytest.fixture
async def box(tmp_path: Path, url: str, engine: Engine) -> AsyncIterator[Box]:
    """Return one with a call."""
    database = Database(url, (), thread_name="test")
    await database.open()
    running = Box(engine, database, tmp_path)
    running.takes("first")
    yield running
    await database.close()


async def test_a_box_that_runs_forgets_on_the_day_though_nobody_calls(box: Box) -> None:
    await box.lives(DAYS)
    assert box.calls == 1
    await box.lives(1)
    assert (box.calls, box.is_held) == (0, False)
    assert counts(box.engine)["looks"] <= DAYS + 2


@pytest.mark.parametrize("boots", [False, True])
async def test_a_clock_that_jumps_forgets_nothing_until_that_many_days_were_seen(
    box: Box, caplog: pytest.LogCaptureFixture, *, boots: bool
) -> None:
    await box.lives(3, calls=True)
    before = box.calls
    box.now_ms += YEARS_MS
    if boots:
        box.starts()
    await box.forgetting.look(box.database)
    assert (box.calls, box.is_held) == (before, True)
    assert caplog.text.count("no old call is forgotten") == 1
    await box.lives(DAYS, calls=True)
    assert (box.calls, box.is_held) == (before + DAYS, True)
    await box.lives(1, calls=True)
    assert (box.calls, box.is_held) == (DAYS + 1, False)


async def test_a_clock_that_was_set_right_again_harms_nothing(box: Box) -> None:
    await box.lives(3, calls=True)
    right_ms, before = box.now_ms, box.calls
    box.now_ms += YEARS_MS
    await box.forgetting.look(box.database)
    assert box.is_held
    box.now_ms = right_ms
    await box.lives(1)
    assert (box.calls, box.is_held) == (before, False)
    box.now_ms += 2 * YEARS_MS
    await box.forgetting.look(box.database)
    assert (box.calls, box.is_held) == (before, True)


async def test_much_is_forgotten_a_while_at_a_time(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting_module, "AT_A_TIME_S", 0.0)
    for number in range(AT_A_TIME):
        box.takes(f"c{number}")
    looked_daily(box.engine, DAYS)
    box.now_ms += DAYS * DAY_MS + 1_000
    await box.forgetting.look(box.database)
    assert box.calls == 1
    await box.forgetting.look(box.database)
    assert box.calls == 0
    await box.forgetting.look(box.database)
    with box.engine.connect() as connection:
        oldest = connection.execute(select(LOOKS.c.at_ms).order_by(LOOKS.c.at_ms)).scalar()
    assert oldest is not None and oldest >= box.now_ms - DAYS * DAY_MS
