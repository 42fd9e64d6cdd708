"""Calls over lines that lose, delay and reorder packets: they stay up, and agents understand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sipagent.audio.g711 import pcmu_to_pcm
from sipagent.audio.level import dbov
from sipagent.calls.ear import VOICED_DBOV
from tests.appliance.appliance import Appliance

from .bad_line import Faults
from .front_desk import GOODBYE, GREETING, Talker, front_desk, talking
from .harness import switchboard, told
from .lossy import LossyRelay, lossy
from .rtp import PACKET_S, RtpPeer
from .sipp import Sipp, needs_sipp

pytestmark = needs_sipp

SCATTERED = Faults(random_loss=0.05, jitter_ms=40, reorders=True)
BURSTS = Faults(burst_loss=0.03)

REPEATED = 2
"""Most phrases that had to be said twice: packets are lost where the machine's time has it."""
HEARD_SHARE = 0.5
"""Least share of what agents said in which there was voice: not between words."""
ON_THE_WAY = 10
"""Packets that may be sent before the stream is there, or when it is gone."""


async def converse(talker: Talker) -> None:
    """Ask two agents, and say goodbye."""
    await talker.hears(GREETING)
    await talker.asks("Are you open on Saturday?", "On Saturday we are open from ten to two.")
    await talker.asks("I have a question about my invoice.", "Hello, this is billing.")
    await talker.asks("Thank you, goodbye.", GOODBYE)


async def call(running: Appliance, folder: Path, faults: Faults) -> tuple[LossyRelay, Talker, int]:
    """Converse over such a line; return it, who talked, and the packets of voice they heard."""
    folder.mkdir()
    called = folder.name
    async with (
        RtpPeer() as peer,
        lossy(peer.port, faults) as relay,
        Sipp("waits_for_bye", running.sip_port, folder, rtp_port=relay.port, user=called) as sipp,
        talking(running, called, peer) as talker,
    ):
        await converse(talker)
        await sipp.succeeds()
    voiced = sum(dbov(pcmu_to_pcm(packet.payload)) > VOICED_DBOV for packet in peer.packets)
    return relay, talker, voiced


async def test_agents_are_understood_and_the_loss_shows(tmp_path: Path) -> None:
    lines = {"scattered": SCATTERED, "bursts": BURSTS}
    async with front_desk(tmp_path) as running, asyncio.TaskGroup() as tasks:
        calls = {
            name: tasks.create_task(call(running, tmp_path / name, faults), name=name)
            for name, faults in lines.items()
        }
        records = {record["called"]: record for record in await running.until_records(2)}
    for name, done in calls.items():
        relay, talker, voiced = done.result()
        record, line = records[name], records[name]["line"]
        assert record["reason"] == "agent_hung_up"
        assert line["lost_in"] == pytest.approx(relay.inbound.lost, abs=ON_THE_WAY), name
        arrived = relay.inbound.packets - relay.inbound.lost
        assert line["packets_in"] == pytest.approx(arrived, abs=ON_THE_WAY)
        assert relay.inbound.lost > 0.02 * relay.inbound.packets, "or nothing is shown here"
        heard_ms = sum(said["heard_ms"] for said in talker.told("AgentSaid"))
        assert voiced * PACKET_S * 1000 > HEARD_SHARE * heard_ms
    talkers = [done.result()[1] for done in calls.values()]
    assert sum(talker.repeated for talker in talkers) <= REPEATED, "of six phrases"
    jitters = {name: record["line"]["jitter_ms"] for name, record in records.items()}
    # Of two packets delayed by anything up to 40 ms, one is 13.3 ms later on average.
    assert 8 < jitters["scattered"] < 30
    assert jitters["bursts"] < jitters["scattered"]


async def test_each_key_arrives_once_though_its_packets_are_lost(tmp_path: Path) -> None:
    keys = "1122*#3399ABCD0055"
    async with (
        switchboard() as board,
        RtpPeer() as peer,
        lossy(peer.port, SCATTERED, seed=4) as relay,
        Sipp("waits_for_bye", board.endpoint.port, tmp_path, rtp_port=relay.port) as sipp,
    ):
        leg = await board.answered()
        to = await peer.destination()
        for key in keys:
            await peer.press(key, to)
        pressed = [(await told(leg, "DtmfReceived")).digit for _ in keys]
        leg.hang_up()
        await sipp.succeeds()
        while not leg.events.empty():
            assert type(leg.events.get_nowait()).__name__ != "DtmfReceived"
    assert "".join(pressed) == keys
    assert relay.inbound.lost > 0
