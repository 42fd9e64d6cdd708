"""Trunks of an appliance: what the API and the metrics tell of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.datagrams import SDP, SipSocket
from tests.telephony.kamailio import kamailio, needs_kamailio

from .appliance import appliance, write_files

TRUNKS = """
[[sip.trunks]]
name = "provider"
registrar = "sip:127.0.0.1:{port}"
user = "trunk1"
password_file = "secret"
register = true
[[sip.trunks]]
name = "wrong"
registrar = "sip:127.0.0.1:{port}"
user = "trunk2"
password = "guess"
register = true
"""


@needs_kamailio
async def test_a_trunk_registers_is_told_of_and_brings_its_calls(tmp_path: Path) -> None:
    async with faulty_endpoint() as endpoint, kamailio(tmp_path) as registrar:
        config = write_files(tmp_path, realtime_url=endpoint.url)
        plan = tmp_path / "plans" / "test.toml"
        plan.write_text(plan.read_text().replace('called = "agent"', 'trunk = "provider"'))
        (tmp_path / "secret").write_text("secret of trunk1\n")
        config.write_text(config.read_text() + TRUNKS.format(port=registrar.port))
        async with appliance(tmp_path, config=config) as running:
            states: dict[str, str] = {}
            while states != {"provider": "registered", "wrong": "failed"}:
                await asyncio.sleep(0.02)
                status, body = await running.get("/api/v1/trunks")
                assert status == 200
                shown = orjson.loads(body)["trunks"]
                states = {each["name"]: each["state"] for each in shown}
            assert [each["status"] for each in shown] == [200, 401]
            assert await running.series('sipagent_trunk_registered{trunk="provider"}') == 1
            assert await running.series('sipagent_trunk_registered{trunk="wrong"}') == 0
            outcome = 'sipagent_trunk_registrations_total{outcome="failed",trunk="wrong"}'
            assert await running.series(outcome) == 1
            endpoint.fault = "silent"  # it rings until it is cancelled
            async with SipSocket(registrar.port) as caller:
                caller.send(caller.request("INVITE", "c1", body=SDP, user="trunk1"))
                while not (await caller.received.get()).startswith("SIP/2.0 180 "):
                    pass
                cancel = caller.request("CANCEL", "c1", user="trunk1")
                caller.send(cancel.replace(b"c1CANCEL1", b"c1INVITE1"))
                (record,) = await running.until_records(1)
                assert (record["plan"], record["reason"]) == ("test", "caller_cancelled")
            async with SipSocket(running.sip_port, "127.0.0.3") as scanner:
                scanner.send(scanner.request("OPTIONS", "scan"))
                scanned = 'sipagent_sip_refused_total{reason="unknown_source"}'
                while await running.series(scanned) < 1:
                    await asyncio.sleep(0.02)
                assert scanner.received.empty()
        log = (tmp_path / "log.txt").read_text()
        assert "trunk wrong ! not registered: 401" in log
        assert "secret of" not in log
        assert "guess" not in log
