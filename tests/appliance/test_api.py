"""The API on a real call: what it shows meanwhile, and what it does about it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import orjson

from sipagent.audio.g711 import pcm_to_pcmu
from sipagent.audio.tones import tone
from tests.telephony.refund_call import decide, heard, refund_line, until_asked
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import needs_sipp

from .appliance import LOOK_AGAIN_S, Appliance

pytestmark = [needs_sipp]


async def asked(running: Appliance, path: str) -> dict[str, Any]:
    """Return what the API says."""
    status, text = await running.get(f"/api/v1/{path}")
    assert status == 200, text
    content: dict[str, Any] = orjson.loads(text)
    return content


async def ended(running: Appliance, call_id: str) -> dict[str, Any]:
    """Wait until the API knows that a call is over; the record may be there a moment before."""
    while (shown := await asked(running, f"calls/{call_id}"))["state"] != "ended":
        await asyncio.sleep(LOOK_AGAIN_S)
    return shown


async def wanted(running: Appliance, call_id: str, what: str, body: dict[str, Any]) -> int:
    """Have something done on a call; return the status."""
    url = f"http://127.0.0.1:{running.http_port}/api/v1/calls/{call_id}/{what}"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as response:
        return response.status


async def changed(
    running: Appliance, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Have something changed on the box; return how it is now."""
    url = f"http://127.0.0.1:{running.http_port}/api/v1/{path}"
    async with aiohttp.ClientSession() as http, http.request(method, url, json=body) as response:
        assert response.status == 200
        content: dict[str, Any] = await response.json()
        return content


async def both_are_heard(running: Appliance, call_id: str, peer: RtpPeer) -> None:
    """Listen in until both have sounded, each on its side."""
    url = f"http://127.0.0.1:{running.http_port}/api/v1/calls/{call_id}/audio"
    loudest = np.zeros(2)
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.status == 200
        sound = pcm_to_pcmu(tone(300, 100, 8_000, level_dbov=-45))  # no speech
        packets = (sound[start : start + 160] for start in range(0, len(sound), 160))
        await peer.send(packets, await peer.destination())
        assert await wanted(running, call_id, "say", {"text": "You are heard."}) == 202
        while loudest.min() < 100:
            piece = await response.content.readexactly(3_200)
            both = np.frombuffer(piece, "<i2").astype(np.int32).reshape(-1, 2)
            loudest = np.maximum(loudest, np.abs(both).max(axis=0))


async def readiness_is(running: Appliance, status: int) -> None:
    """Wait until the box would take a call, or not."""
    while (await running.get("/readyz"))[0] != status:
        await asyncio.sleep(LOOK_AGAIN_S)  # another process: there is no event to wait for


async def test_a_call_is_followed_and_steered_while_it_lasts(tmp_path: Path) -> None:
    async with refund_line(tmp_path) as (running, peer, caller):
        waiting = await until_asked(running)
        (call,) = (await asked(running, "calls"))["calls"]
        shown = await asked(running, f"calls/{call['call_id']}")
        assert (call["call_id"], call["state"], call["plan"]) == (
            waiting["call_id"],
            "talking",
            "refunds",
        )
        assert [tool["name"] for tool in call["tools"]] == ["delegate"]
        assert shown["transcript"][0]["who"] == "agent"
        assert shown["transcript"][0]["heard"] is not None
        await decide(running, waiting["id"], approve=True)
        await heard(running, "Order 1 2 3 is refunded")
        await changed(running, "PUT", "log-level", {"levels": {"sipagent.calls": "debug"}})
        for what, body in (
            ("say", {"text": "One more thing."}),
            ("whisper", {"text": "The caller is in a hurry."}),
            ("mute", {"direction": "inbound"}),
            ("unmute", {"direction": "inbound"}),
        ):
            assert await wanted(running, call["call_id"], what, body) == 202
        await heard(running, "One more thing.")
        await both_are_heard(running, call["call_id"], peer)
        assert (await changed(running, "POST", "drain"))["calls"] == 1
        await readiness_is(running, 503)
        assert (await changed(running, "DELETE", "drain"))["draining"] is False
        await readiness_is(running, 200)
        await changed(running, "PUT", "log-level", {"levels": {"sipagent.calls": "error"}})
        assert await wanted(running, call["call_id"], "handover", {"agent": "Nobody"}) == 404
        assert await wanted(running, call["call_id"], "hangup", {"at_once": False}) == 202
        await caller.succeeds()
        (record,) = await running.until_records(1)
        assert record["reason"] == "operator_hung_up"
        acts = [each["act"] for each in record["operator"]]
        log = (tmp_path / "log.txt").read_text()
        assert "operator local: say" in log
        assert "operator local: hang_up" not in log  # it is no error
        shown_facts = re.findall(r" DEBUG +sipagent\.calls\.fact_log: call=(\w+) = (\w+)", log)
        assert (call["call_id"], "OperatorActed") in shown_facts
        assert not {"CallAnswered", "CallEnded"} & {name for _, name in shown_facts}  # not then
        assert acts == ["say", "whisper", "mute", "unmute", "listen", "say", "hang_up"]
        shown = await ended(running, call["call_id"])
        assert shown["reason"] == record["reason"]
        turns = [
            (turn["text"], turn["heard"])
            for turn in shown["transcript"]
            if turn["who"] != "operator"
        ]
        assert turns == [(turn["said"], turn["heard"]) for turn in record["turns"] if turn["said"]]
        assert shown["mos_in"] is not None
        while not (shown := await asked(running, f"calls/{call['call_id']}"))["record"]:
            await asyncio.sleep(LOOK_AGAIN_S)  # the store follows
        assert [each["act"] for each in shown["record"]["operator"]] == acts
        past = await asked(running, "calls?state=past&q=is%20refunded")
        assert [each["call_id"] for each in past["calls"]] == [call["call_id"]]
        (figures,) = (await asked(running, "figures"))["figures"]
        assert (figures["plan"], figures["calls"]) == ("refunds", 1)
