"""Why a call is silent: said within three seconds by log, record and metric, on real calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from sipagent.audio.g711 import pcm_to_pcmu
from tests.telephony.datagrams import SipSocket
from tests.telephony.dialog import Dialog, sdp
from tests.telephony.rtp import SAMPLES_PER_PACKET, RtpPeer
from tests.telephony.udp import Address

from .appliance import PLAN, Appliance, appliance, write_files

CAUSES = (
    *("no_rtp", "wrong_codec", "digital_silence"),
    *("rtp_rejected", "rtp_from_elsewhere", "own_echo"),
)
WITHIN_S = 5.0
"""Three, and two for a machine that has other things to do."""

GREETING = "You have reached the front desk. We are open from nine to five. How can I help you?"

KEYS = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

SILENCE = bytes([0xD5] * SAMPLES_PER_PACKET)  # A-law, which has no zero
VOICE = pcm_to_pcmu(np.tile(np.array([900, -900], np.int16), SAMPLES_PER_PACKET // 2))


class Echo(RtpPeer):
    """Hands back what it hears."""

    def received(self, data: bytes, source: Address, at: float) -> None:
        """Keep a packet, and return it as it is."""
        super().received(data, source, at)
        self.send_back(data, source)


async def call(
    running: Appliance,
    cause: str,
    payload: bytes = b"",
    *,
    payload_type: int = 0,
    encrypted: bool = False,
    media: type[RtpPeer] = RtpPeer,
    source: str = "127.0.0.1",
) -> None:
    """Call, send such audio, and hang up once the call is said to be silent because of it."""
    async with (
        SipSocket(running.sip_port) as peer,
        media() as phone,
        RtpPeer(host=source) as elsewhere,
    ):
        caller = Dialog(peer, call_id=cause)
        formats = "8" if payload_type == 8 else "0"
        offer = sdp(*([KEYS] if encrypted else []), port=phone.port, formats=formats)
        caller.send("INVITE", offer.replace("RTP/AVP", "RTP/SAVP") if encrypted else offer)
        await caller.accepted()
        to = await phone.destination()
        speaker = phone if source == "127.0.0.1" else elsewhere
        sending = asyncio.ensure_future(
            speaker.send(iter(lambda: payload, None), to, payload_type=payload_type)
            if payload
            else asyncio.sleep(0)
        )
        try:
            await running.until(lambda: cause in said(running), bool)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        caller.send("BYE")
        await caller.response("BYE")


def timeline(running: Appliance) -> Iterator[dict[str, Any]]:
    """Return what was told of calls."""
    path = running.folder / "timeline.jsonl"
    return map(orjson.loads, path.read_bytes().splitlines() if path.exists() else [])


def said(running: Appliance) -> list[str]:
    """Return the causes that were named."""
    return [str(each["cause"]) for each in timeline(running) if each["fact"] == "SilenceNamed"]


async def test_each_cause_is_named_by_log_record_and_metric(tmp_path: Path) -> None:
    plan = PLAN.replace('"Greet."', f'"{GREETING}"\nbarge_in = false')  # it hears itself
    config = write_files(tmp_path, realtime_url="embedded", plan=plan)
    config.write_text(config.read_text() + '[sip.srtp]\nmode = "optional"\n')
    async with appliance(tmp_path, config=config) as running:
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(running, "no_rtp"))
            calls.create_task(call(running, "wrong_codec", VOICE, payload_type=18))
            calls.create_task(call(running, "digital_silence", SILENCE, payload_type=8))
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(running, "rtp_rejected", VOICE, encrypted=True))
            calls.create_task(
                call(running, "rtp_from_elsewhere", VOICE, encrypted=True, source="127.0.0.2")
            )
            calls.create_task(call(running, "own_echo", media=Echo))
        records = await running.until_records(len(CAUSES))
        heard_at = {
            each["call_id"]: each["at"]
            for each in reversed([*timeline(running)])
            if each["fact"] in {"CallAnswered", "AgentSoundStarted"}
        }
        for record in records:
            cause, call_id = record["sip_call_id"], record["call_id"]
            assert cause in [each["cause"] for each in record["silences"]]
            (named,) = [
                each
                for each in timeline(running)
                if (each["call_id"], each.get("cause")) == (call_id, cause)
            ]
            assert named["at"] - heard_at[call_id] < WITHIN_S
            log = (tmp_path / "log.txt").read_text()
            assert f"call={call_id} ! silent: {cause}: " in log
            series = f'sipagent_silences_total{{cause="{cause}",plan="test"}}'
            assert await running.series(series) == 1
    assert {record["sip_call_id"] for record in records} == {*CAUSES}
