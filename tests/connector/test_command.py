"""``sipagent engine --sip`` on the command line."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.cli.program import Ended, ended, program
from tests.cli.test_exits import only_line
from tests.ports import rtp_ports
from tests.telephony.datagrams import SipSocket

from .receiver import SECRET

URL = "http://127.0.0.1:9/webhooks"
PORTS = ("--rtp-ports", "{}-{}".format(*rtp_ports("engine")))


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return str(file)


async def test_sip_without_a_url_is_one_line() -> None:
    assert only_line(await ended("engine", "--sip", "0")) == (
        "--sip: needs --webhook-url: who decides about calls"
    )


async def test_sip_without_a_secret_is_one_line() -> None:
    text = only_line(await ended("engine", "--sip", "0", "--webhook-url", URL))
    assert text.startswith("--sip: needs a secret to sign webhooks with: OPENAI_WEBHOOK_SECRET")


async def test_a_sip_port_that_cannot_be_is_named() -> None:
    outcome = await ended("engine", "--sip", "65536")
    assert outcome.status == 2
    assert any("--sip" in line for line in outcome.errors)


async def test_a_busy_sip_port_is_one_line_that_names_it(tmp_path: Path, secret: str) -> None:
    async with SipSocket(9) as taken:
        sip = ("--sip", str(taken.port), "--webhook-url", URL, "--webhook-secret-file", secret)
        outcome = await ended(
            "engine",
            "--port",
            "0",
            "--scripts",
            str(tmp_path),
            *sip,
            *PORTS,
            "--log-level",
            "error",
        )
    assert only_line(outcome).startswith(f"SIP cannot listen on 127.0.0.1:{taken.port}: ")


async def test_both_ports_are_told_to_whoever_wants_to_know(tmp_path: Path, secret: str) -> None:
    told_fd, tell_fd = os.pipe()
    arguments = ("--port", "0", "--scripts", str(tmp_path), "--log-level", "warning", *PORTS)
    sip = ("--sip", "0", "--webhook-url", URL, "--webhook-secret-file", secret)
    with os.fdopen(told_fd) as told:
        async with program(
            "engine", *arguments, *sip, "--ready-fd", str(tell_fd), pass_fds=(tell_fd,)
        ) as running:
            os.close(tell_fd)
            port, sip_port = map(int, told.read().split())
            async with connect(f"ws://127.0.0.1:{port}/v1/realtime"), SipSocket(sip_port) as peer:
                peer.send(peer.request("OPTIONS", "o1"))
                assert (await peer.response()).startswith("SIP/2.0 200 ")
            running.signal(signal.SIGTERM)
            assert await running.end() == Ended(0, [], [])


def test_reading_the_options_loads_neither_telephony_nor_http() -> None:
    code = (
        "import sys, sipagent.cli, sipagent.connector.options\n"
        "sys.exit(bool({'pjsua2', 'aiohttp'} & set(sys.modules)))"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
