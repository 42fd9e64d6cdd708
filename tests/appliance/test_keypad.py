"""A caller keys in the number of a card: a tool gets it, and it is nowhere else.

The call is a real one: SIP, RTP, tones in G.711 and telephone events, the appliance, the engine.
Between the two a relay keeps what the model is told.
"""

from __future__ import annotations

import re
import wave
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.audio.goertzel import ToneKeys
from sipagent.audio.tones import tone
from sipagent.engine.settings import EngineSettings
from tests.loopback.conftest import running_engine
from tests.peers.recorder import recording
from tests.telephony.rtp import RtpPeer
from tests.telephony.sipp import Sipp, needs_sipp
from tests.telephony.tones import keyed

from .appliance import ROOT, Appliance, appliance, write_files
from .test_plans import told

DIALPLANS = ROOT / "dialplans"
CARD = "4303404367895679"
"""Its first half has no key of its second half, nor of the menu: they might be one press."""

TOOL = '''
import logging

from sipagent.agents.tools import ToolContext


def pay(context: ToolContext) -> str:
    """Pay, and give away what should be kept."""
    card = context.context.collected["card_number"]
    logging.getLogger("shop").error("charged %s for %r", card, context.context)
    return f"{card[:4]} {card[4:8]} {card[8:12]} {card[12:]} paid, {len(card)} digits."
'''


def config(folder: Path, url: str) -> Path:
    """Write the example plan as it is, but for the engine's, a recording and a worse tool."""
    plan = (DIALPLANS / "payments.toml").read_text()
    for old, new in {
        'called = "payments*"': 'called = "{called}"',
        'script = "payments"': 'prompt_id = "payments"',
        "[keypad]\n": "[recording]\nenabled = true\n[keypad]\nin_band = true\n",
    }.items():
        assert old in plan
        plan = plan.replace(old, new)
    (folder / "plans").mkdir()
    (folder / "plans" / "payments.py").write_text(TOOL)
    file = write_files(folder, realtime_url=url, plan=plan)
    file.write_text(file.read_text().replace('level = "info"', 'level = "debug"'))
    return file


def packets(pcm: Pcm) -> Iterator[bytes]:
    """Return the payloads of what the caller is heard with."""
    for start in range(0, len(pcm), 160):
        yield pcm_to_pcmu(pcm[start : start + 160])


def keys_in(pcm: Pcm) -> str:
    """Return the keys whose tones are heard."""
    return ToneKeys(8_000).feed(pcm)


def level(pcm: Pcm) -> int:
    """Return how many samples are loud."""
    return int((np.abs(pcm.astype(np.int32)) > 1_000).sum())


def has_card(text: str) -> bool:
    """Tell whether the number is in ``text``, however it is written, or half of it."""
    digits = re.sub(r"[\s.,_/-]", "", text)
    return CARD[:8] in digits or CARD[8:] in digits


async def listens(running: Appliance, caller: RtpPeer, fact: str, count: int = 1) -> None:
    """Be silent until a fact was told so often; a telephone never stops sending."""
    to = await caller.destination()
    while len(told(running, fact)) < count:
        await caller.send(packets(silence(5 * 160)), to)


async def pays(running: Appliance, caller: RtpPeer) -> None:
    """Pay by card: half of its number as tones, the other half as events."""
    to = await caller.destination()
    await caller.send(packets(tone(425, 300, 8_000)), to)
    await caller.press("1", to)
    await listens(running, caller, "DigitsAsked")
    await caller.send(packets(keyed(CARD[:8], 80, 60)), to)
    await listens(running, caller, "DigitPressed", 1 + 8)
    for key in CARD[8:] + "#":
        await caller.press(key, to)
    await listens(running, caller, "ToolCalled")
    await caller.press("2", to)
    await listens(running, caller, "ToolCalled", 2)
    await caller.press("9", to)


@needs_sipp
async def test_a_card_number_reaches_a_tool_and_nobody_else(tmp_path: Path) -> None:
    with running_engine(EngineSettings(scripts_dir=DIALPLANS, recognisers=1)) as engine:
        async with (
            recording(engine) as relay,
            appliance(tmp_path, config=config(tmp_path, relay.url)) as running,
            RtpPeer() as caller,
            Sipp("waits_for_bye", running.sip_port, tmp_path, rtp_port=caller.port) as sipp,
        ):
            await pays(running, caller)
            await sipp.succeeds()
            (record,) = await running.until_records(1)
    asked, paid, _ = record["tool_calls"]
    assert asked["output"].startswith("collected: card_number, 16 digits ending in 5679;")
    assert paid["output"] == "[hidden] paid, 16 digits."  # which only who has it can count
    assert record["collected"][0]["shown"] == "5679"
    assert record["digits"] == "x" * len(f"1{CARD}#29")
    log = (tmp_path / "log.txt").read_text()
    assert "charged [hidden] for" in log
    left = [path for path in tmp_path.rglob("*") if path.suffix in {".jsonl", ".txt"}]
    assert len(left) == 3
    assert not [path.name for path in left if has_card(path.read_text())]
    assert not has_card(orjson.dumps([relay.sent, relay.received]).decode())
    sent = b"".join(b64decode(each["audio"]) for each in relay.of("input_audio_buffer.append"))
    (path,) = tmp_path.rglob("*.wav")
    with wave.open(str(path)) as reader:
        both = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
    for sound in (pcmu_to_pcm(sent), both[:, 0]):
        assert keys_in(sound) == ""
        assert 600 < level(sound) < 4_000  # what the caller said before, of 2,400; keys have 5,120
