"""Servers are asked together, and none of them for long."""

from __future__ import annotations

import pytest

from sipagent.sip.stun_client import ask_servers
from tests.telephony.datagrams import SipSocket
from tests.telephony.stun_server import stun_server


async def test_the_first_that_answers_is_believed() -> None:
    async with stun_server("198.51.100.7") as server, SipSocket(0) as silent:
        servers = [f"127.0.0.1:{silent.port}", server]
        assert await ask_servers(servers, "127.0.0.1") == "198.51.100.7"


async def test_silent_and_unknown_servers_are_named(caplog: pytest.LogCaptureFixture) -> None:
    async with SipSocket(0) as silent:
        servers = [f"127.0.0.1:{silent.port}", "no.such.host.invalid"]
        assert await ask_servers(servers, "127.0.0.1", limit_s=0.3) == ""
    assert f"no STUN server answers: {', '.join(servers)}" in caplog.text
