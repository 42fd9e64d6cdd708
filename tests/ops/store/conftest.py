"""Where stores of tests are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from .stores import made


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of a store that is not there yet."""
    return f"sqlite:///{tmp_path}/calls.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Return a store that has its tables."""
    with made(url) as store:
        yield store
