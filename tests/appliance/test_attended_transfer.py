"""A caller who is transferred to a colleague that was asked first: real SIP and RTP on all legs."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import aiohttp
import numpy as np
import orjson
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.resample import resample
from sipagent.audio.wav import read_wav
from sipagent.calls.phone import Phone
from sipagent.calls.prompts import spoken_prompt
from tests.ports import rtp_ports
from tests.telephony.datagrams import SipSocket
from tests.telephony.dialog import sdp
from tests.telephony.far_end import far_end
from tests.telephony.harness import switchboard
from tests.telephony.rtp import RtpPeer, heard
from tests.telephony.udp import Address

from .appliance import Appliance, appliance

ANNOUNCED = "A call from the front desk."
BRIEFING = "Ada asks about invoice seven."

PLAN = """
name = "test"
[match]
called = "{{called}}"
[session]
greeting = "Greet."
script = "test"
[[agents]]
name = "Agent"
instructions = "Be brief."
tools = ["transfer_call", "hangup"]
[transfer.targets.desk]
uri = "{uri}"
mode = "attended"
announce = "{announced}"
fallback = "{fallback}"
"""
SCRIPT = f"""
[[agents]]
name = "Agent"
greeting = "Hello."
otherwise = ["Sorry?"]
[[agents.rules]]
heard = ["the caller pressed one on the keypad"]
say = "One moment."
call = "transfer_call"
arguments = {{ target = "desk", briefing = "{BRIEFING}" }}
"""


def likeness(heard: Pcm, said: Pcm) -> float:
    """Return how much of ``said`` is in ``heard``, at whatever moment: 1.0 is all of it."""
    size = len(heard) + len(said)
    spectrum = np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(said, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))
    part = heard[at : at + len(said)].astype(float)
    said = said[: len(part)]
    return float(part @ said / (np.linalg.norm(part) * np.linalg.norm(said)))


async def briefing(rate_hz: int) -> Pcm:
    """Return what the colleague is to hear."""
    said = await spoken_prompt(f"{ANNOUNCED} {BRIEFING}", "")
    if said is None:
        pytest.skip("there is no voice")
    return resample(said.pcm, said.rate_hz, rate_hz)


class Echo(RtpPeer):
    """Sends back what it hears."""

    def received(self, data: bytes, source: Address, at: float) -> None:
        """Keep a packet, and return it."""
        super().received(data, source, at)
        self.send_back(data, source)


def write_plan(folder: Path, uri: str, fallback: str = "return") -> str:
    """Write the script; return the plan."""
    (folder / "plans").mkdir()
    (folder / "plans" / "test.script.toml").write_text(SCRIPT)
    return PLAN.format(uri=uri, announced=ANNOUNCED, fallback=fallback)


async def dialogs_of(running: Appliance, call_id: str) -> set[str]:
    """Return the Call-IDs of the SIP messages in the flight record of a call."""
    url = f"http://127.0.0.1:{running.http_port}/api/v1/calls/{call_id}/flight"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        body = await answer.read()
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        messages = orjson.loads(bundle.read("timeline.json"))["sip"]
    found = (re.search(r"(?im)^call-id: (\S+)", each["text"]) for each in messages)
    return {each[1] for each in found if each is not None}


async def record_of(running: Appliance) -> dict[str, object]:
    """Return the one call record, and what it has of transfers with it."""
    (record,) = await running.until_records(1)
    (transfer,) = record["transfers"]
    return record | {key: transfer[key] for key in ("outcome", "status", "briefed_by")}


async def test_the_colleague_is_briefed_and_talks_to_the_caller(tmp_path: Path) -> None:
    heard_at = tmp_path / "heard.wav"
    async with far_end(
        f"takes over to {heard_at}", rtp_ports=rtp_ports("another far end")
    ) as colleague:
        plan = write_plan(tmp_path, colleague)
        async with (
            appliance(tmp_path, realtime_url="embedded", plan=plan) as running,
            switchboard(follows_refer=True, codecs=["PCMU"]) as board,
            Phone(board.endpoint, f"sip:agent@127.0.0.1:{running.sip_port}") as phone,
        ):
            await phone.until(lambda: len(phone.ear.spans) > 0)  # greeted
            await phone.press("1#")
            await phone.until(lambda: len(phone.transferred_to) == 1)
            (taken_over,) = phone.transferred_to
            assert taken_over.startswith(f"{colleague}?")
            assert "Replaces=" in taken_over
            spans = len(phone.ear.spans)
            await phone.until(lambda: len(phone.ear.spans) > spans)  # the colleague speaks
            await phone.hang_up()
            record = await record_of(running)
            assert len(await dialogs_of(running, str(record["call_id"]))) == 2
        assert (record["reason"], record["detail"]) == ("transferred", "to desk")
        assert (record["outcome"], record["status"]) == ("completed", 200)
        assert record["briefed_by"] == "agent"
    sound, rate_hz = read_wav(heard_at)
    words = await briefing(rate_hz)
    size = rate_hz // 4
    pieces = [words[start : start + size] for start in range(0, len(words) - size, size)]
    found = [likeness(sound, piece) > 0.8 for piece in pieces]
    assert sum(found) > 0.3 * len(found)  # a jitter buffer tears some
    assert np.abs(sound[-rate_hz // 20 :]).max() < 300  # the last word is whole


async def test_a_caller_whose_phone_cannot_be_transferred_talks_through_us(tmp_path: Path) -> None:
    async with SipSocket(0) as colleague, Echo() as ear:
        plan = write_plan(tmp_path, f"sip:bob@127.0.0.1:{colleague.port}", "bridge")
        async with (
            appliance(tmp_path, realtime_url="embedded", plan=plan) as running,
            switchboard(codecs=["PCMU"]) as board,
            Phone(board.endpoint, f"sip:agent@127.0.0.1:{running.sip_port}") as phone,
        ):
            await phone.until(lambda: len(phone.ear.spans) > 0)
            await phone.press("1#")
            await colleague.agrees_to("INVITE", sdp(port=ear.port))

            def is_bridged() -> bool:
                return b'"TransferEnded"' in (tmp_path / "timeline.jsonl").read_bytes()

            await running.until(is_bridged, bool)
            words, sound = await briefing(8_000), heard(ear.packets, pcmu_to_pcm)
            assert likeness(sound, words) > 0.8  # a frame less, and it is 0.5
            assert likeness(sound, words[-2_000:]) > 0.6  # the last word
            before = phone.ear.voiced_ms
            phone.say(np.full(8_000, 5_000, np.int16), 8_000)
            await phone.until(lambda: phone.ear.voiced_ms > before + 500)
            await phone.hang_up()
            await colleague.agrees_to("BYE")
            record = await record_of(running)
        assert (record["reason"], record["outcome"]) == ("caller_hung_up", "bridged")
