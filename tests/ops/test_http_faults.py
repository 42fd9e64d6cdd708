"""What is sent to an HTTP port and is no HTTP, in the log."""

from __future__ import annotations

import asyncio
import gzip
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sipagent.ops.http import OpsServer
from sipagent.ops.http_faults import PEERS_FAULTS, SERVER_LOGGER
from sipagent.ops.logs import set_up_logging
from sipagent.ops.status import Readiness

SECRET = "SECRET-0123456789abcdef"
ODD = [
    f"GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\x01\r\n\r\n",
    f"GET /api/v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer {SECRET}\r\n\r\n",
    f"GET /webhooks?token={SECRET}\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    f"{SECRET} \x16\x03\x01 HTTP/1.1\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\nX: {SECRET * 1000}\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
    f"Content-Length: {len(SECRET)}\r\n\r\n{SECRET}",
]


@pytest.fixture
def quiet() -> Iterator[None]:
    logger = logging.getLogger(SERVER_LOGGER)
    logger.addFilter(PEERS_FAULTS)
    yield
    logger.removeFilter(PEERS_FAULTS)


@pytest.mark.usefixtures("quiet")
async def test_nothing_of_it_is_logged_and_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = OpsServer("127.0.0.1", 0, str(tmp_path), lambda: Readiness(True, (), 0, 4))
    await server.start()
    try:
        for text in ODD:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(text.encode())
            assert (await reader.readline()).split()[1] in {b"400", b"405"}
            writer.close()
            await writer.wait_closed()
    finally:
        await server.close()
    told = [each for each in caplog.records if each.name == SERVER_LOGGER]
    assert len(told) >= 5
    assert {(each.levelno, each.exc_info) for each in told} == {(logging.DEBUG, None)}
    assert "SECRET" not in caplog.text


def test_faults_of_ours_are_logged_as_ever() -> None:
    try:
        gzip.decompress(b"no gzip")
    except OSError:
        record = logging.LogRecord("aiohttp.server", logging.ERROR, "", 0, "x", (), sys.exc_info())
    assert PEERS_FAULTS.filter(record)
    assert record.exc_info is not None
    assert record.levelno == logging.ERROR


def test_it_is_part_of_every_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    logger = logging.getLogger(SERVER_LOGGER)
    try:
        set_up_logging("info", "json")
        assert PEERS_FAULTS in logger.filters
    finally:
        logger.removeFilter(PEERS_FAULTS)
