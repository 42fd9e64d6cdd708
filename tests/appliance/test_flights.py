"""The flight record of a real call."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import aiohttp
import orjson

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import appliance


@needs_sipp
async def test_a_call_that_is_over_is_told_on_one_clock(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        async with Sipp("hangs_up", running.sip_port, tmp_path) as caller:
            await caller.succeeds()
        (record,) = await running.until_records(1)
        url = f"http://127.0.0.1:{running.http_port}/api/v1/calls/{record['call_id']}/flight"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert answer.status == 200
            body = await answer.read()
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        timeline = orjson.loads(bundle.read("timeline.json"))
        page = bundle.read("index.html").decode()
        capture = bundle.read("sip.pcap")
    first_lines = [each["text"].splitlines()[0] for each in timeline["sip"]]
    for line in ("INVITE sip:", "SIP/2.0 180", "SIP/2.0 200", "ACK sip:", "BYE sip:"):
        assert any(each.startswith(line) for each in first_lines), line
    names = {each["name"] for each in timeline["facts"]}
    assert {"CallOffered", "CallRouted", "CallAnswered", "RealtimeMessage", "CallEnded"} <= names
    times = [each["at"] for each in (*timeline["sip"], *timeline["facts"])]
    assert all(-1.0 < at < 60.0 for at in times)
    assert record["call_id"] in page and "session.update" in page
    assert b"INVITE sip:" in capture
