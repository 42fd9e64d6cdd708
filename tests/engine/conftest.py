"""The one engine that tests of phone calls share, on a loop they share too."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.loopback.conftest import SCRIPT

from .switchboard import Switchboard, switchboard


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Switchboard]:
    """Yield an engine with the script of the desk."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "desk.script.toml").write_text(SCRIPT)
    async with switchboard(folder) as board:
        yield board


@pytest.fixture
def board(shared_board: Switchboard, caplog: pytest.LogCaptureFixture) -> Iterator[Switchboard]:
    """Yield the engine; fail if it logged an error, which its clients never see."""
    yield shared_board
    shared_board.quiet()
    errors = [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR]
    assert not errors, [each.getMessage() for each in errors]
