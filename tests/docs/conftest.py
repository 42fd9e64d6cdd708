"""The engine that the examples of the documentation talk to, as their readers would run it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sipagent.engine.settings import EngineSettings
from tests.loopback.conftest import running_engine
from tests.loopback.mcp_server import running_mcp_server

from .examples import EXAMPLES


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """Return the URL of the one engine all examples share."""
    with running_engine(EngineSettings(scripts_dir=EXAMPLES, recognisers=1)) as url:
        yield url


@pytest.fixture
def short_lived_engine() -> Iterator[str]:
    """Return the URL of an engine whose sessions soon end."""
    settings = EngineSettings(scripts_dir=EXAMPLES, recognisers=1, session_limit_s=3.0)
    with running_engine(settings) as url:
        yield url


@pytest.fixture
def mcp_server() -> Iterator[str]:
    """Return the URL of an MCP server."""
    with running_mcp_server() as url:
        yield url
