"""``sipagent health``: what it asks, prints and exits with."""

from __future__ import annotations

import socket
from pathlib import Path

import orjson
import pytest

from sipagent.config import Config
from sipagent.errors import SipAgentError
from sipagent.health_command import look
from sipagent.ops.status import Readiness
from tests.ops.served import served_api


def config(port: int) -> Config:
    return Config.model_validate({"http": {"port": port}})


async def test_an_appliance_that_lives_is_well_whether_it_takes_calls_or_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with served_api(tmp_path) as running:
        assert await look(config(running.port), is_ready_wanted=False) == 0
        assert await look(config(running.port), is_ready_wanted=True) == 0
        running.readiness = Readiness(False, ("draining",), 1, 4)
        assert await look(config(running.port), is_ready_wanted=False) == 0
        capsys.readouterr()
        assert await look(config(running.port), is_ready_wanted=True) == 1
    assert orjson.loads(capsys.readouterr().out)["reasons"] == ["draining"]


async def test_one_that_is_not_there_is_named() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with pytest.raises(SipAgentError, match=f"no appliance answers at http://127.0.0.1:{port}: "):
        await look(config(port), is_ready_wanted=False)
