"""A session ends when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from sipagent.engine.settings import EngineSettings

from .client import connected
from .conftest import NOW, running_engine

LIMIT_S = 1.5


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[str]:
    """Return the URL of an engine whose sessions soon end."""
    with running_engine(EngineSettings(scripts_dir=tmp_path, session_limit_s=LIMIT_S)) as url:
        yield url


async def test_a_session_is_told_when_its_time_is_over_and_closed(short_lived: str) -> None:
    async with connected(short_lived) as client:
        assert client.events[0]["session"]["expires_at"] == NOW + 1
        await client.type_in("long:999")
        await client.until("response.output_audio.delta")
        error = (await client.until("error"))["error"]
        assert error["code"] == "session_expired"
        assert error["message"] == "Your session hit the maximum duration of 0.025 minutes."
        with pytest.raises(ConnectionClosed) as caught:
            await client.done()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001


async def test_another_session_has_its_own_time(short_lived: str) -> None:
    for _ in range(2):
        async with connected(short_lived) as client:
            assert (await client.ask("say:Hello."))["status"] == "completed"
