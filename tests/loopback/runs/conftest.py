"""Runs of our own against the engine, every request of theirs checked by official types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from sipagent.agents.backend import Runner
from sipagent.agents.backend.transports.provider import Transport

from .reception import over
from .relay import Relay, relaying


@pytest.fixture
def engine_url(engine: str) -> str:
    """Return where the engine is, without a path."""
    return f"http://{urlsplit(engine).netloc}"


@pytest.fixture
async def relay(engine_url: str) -> AsyncIterator[Relay]:
    """Return a relay to the engine; no request may be wrong."""
    async with relaying(engine_url) as relay:
        yield relay
    assert relay.wrong == []


@pytest.fixture
async def runner(relay: Relay, transport: Transport) -> AsyncIterator[Runner]:
    """Return a runner on a transport."""
    async with over(relay, transport) as provider:
        yield Runner(provider, model="any")
