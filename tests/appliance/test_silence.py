"""Why a call is silent: said within three seconds by log, record and metric, on real calls."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import orjson

from sipagent.audio.g711 import pcm_to_pcmu
from tests.telephony.datagrams import SipSocket
from tests.telephony.dialog import Dialog, sdp
from tests.telephony.rtp import LATE_S, PACKET_S, SAMPLES_PER_PACKET

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


@contextmanager
def telephone(payload: bytes, payload_type: int, source: str) -> Iterator[int]:
    """Have a telephone, in a thread: one that waits for a loop is no steady sender.

    Args:
        payload: What it sends again and again; empty: what it hears.
        payload_type: Of that; negative: it sends nothing.
        source: Where it sends from.
    """
    over = threading.Event()
    with ExitStack() as stack:
        ear, mouth = (
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)
        )
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(PACKET_S)
        mouth.bind((source, 0))

        def hears() -> tuple[bytes, tuple[str, int]] | None:
            while not over.is_set():
                try:
                    data, address = ear.recvfrom(2_048)
                except TimeoutError:
                    continue
                return data, address
            return None

        def echo() -> None:
            while (heard := hears()) is not None:
                ear.sendto(*heard)

        def speak() -> None:
            heard, due = hears(), monotonic()
            for number in itertools.count():
                if heard is None or over.is_set():
                    return
                at = number * SAMPLES_PER_PACKET
                header = struct.pack("!BBHII", 0x80, payload_type, number & 0xFFFF, at, 0x5EED)
                (ear if source == "127.0.0.1" else mouth).sendto(header + payload, heard[1])
                due = max(due + PACKET_S, monotonic() - LATE_S)
                over.wait(max(0, due - monotonic()))

        thread = threading.Thread(target=speak if payload else echo)
        if payload_type >= 0:
            thread.start()
        try:
            yield ear.getsockname()[1]
        finally:
            over.set()
            if payload_type >= 0:
                thread.join()


async def call(
    running: Appliance,
    cause: str,
    payload: bytes = b"",
    *,
    payload_type: int = 0,
    encrypted: bool = False,
    source: str = "127.0.0.1",
) -> None:
    """Call, send such audio, and hang up once the call is said to be silent because of it."""
    async with SipSocket(running.sip_port) as peer:
        with telephone(payload, payload_type, source) as port:
            caller = Dialog(peer, call_id=cause)
            formats = "8" if payload_type == 8 else "0"
            offer = sdp(*([KEYS] if encrypted else []), port=port, formats=formats)
            caller.send("INVITE", offer.replace("RTP/AVP", "RTP/SAVP") if encrypted else offer)
            await caller.accepted()
            await running.until(lambda: cause in said(running), bool)
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
            calls.create_task(call(running, "no_rtp", payload_type=-1))
            calls.create_task(call(running, "wrong_codec", VOICE, payload_type=18))
            calls.create_task(call(running, "digital_silence", SILENCE, payload_type=8))
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(running, "rtp_rejected", VOICE, encrypted=True))
            calls.create_task(
                call(running, "rtp_from_elsewhere", VOICE, encrypted=True, source="127.0.0.2")
            )
            calls.create_task(call(running, "own_echo"))
        records = await running.until_records(len(CAUSES))
        began_at = {
            (each["call_id"], each["fact"]): each["at"] for each in reversed([*timeline(running)])
        }
        for record in records:
            cause, call_id = record["sip_call_id"], record["call_id"]
            assert cause in [each["cause"] for each in record["silences"]]
            (named,) = [
                each
                for each in timeline(running)
                if (each["call_id"], each.get("cause")) == (call_id, cause)
            ]
            began = "AgentSoundStarted" if cause == "own_echo" else "CallAnswered"
            assert named["at"] - began_at[call_id, began] < WITHIN_S
            log = (tmp_path / "log.txt").read_text()
            assert f"call={call_id} ! silent: {cause}: " in log
            series = f'sipagent_silences_total{{cause="{cause}",plan="test"}}'
            assert await running.series(series) == said(running).count(cause)
    assert {record["sip_call_id"] for record in records} == {*CAUSES}
