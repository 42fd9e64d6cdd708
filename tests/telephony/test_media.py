from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from sipagent.audio.frames import Pcm, frame_samples
from sipagent.audio.g711 import pcm_to_pcma, pcm_to_pcmu, pcma_to_pcm, pcmu_to_pcm
from sipagent.audio.level import dbov
from sipagent.audio.spectrum import tone_snr_db
from sipagent.audio.tones import tone
from sipagent.sip.media_port import MediaPort
from tests.ports import rtp_ports

from .harness import switchboard, told, until
from .rtp import SAMPLES_PER_PACKET, RtpPeer, heard
from .sipp import Sipp, needs_sipp
from .sound import best_snr_db, cleanest

TONE_HZ, TONE_DBOV, RATE_HZ = 425, -12.0, 8_000
FIRST_HZ, FIRST_MS = 1_000, 80
"""What a caller's first packets sound like, and no other."""
G711_SNR_DB = 36.0
"""What G.711 itself leaves of a tone is 37-40 dB."""

pytestmark = needs_sipp


def packets_of(pcm: Pcm, encode: Callable[[Pcm], bytes]) -> Iterator[bytes]:
    """Cut ``pcm`` into payloads of 20 ms."""
    for start in range(0, len(pcm), SAMPLES_PER_PACKET):
        yield encode(pcm[start : start + SAMPLES_PER_PACKET])


def voiced(pcm: Pcm, rate_hz: int) -> Pcm:
    """Return the middle of the sound in ``pcm``, without 50 ms at either end."""
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 500)
    edge = rate_hz // 20
    return pcm[loud[0] + edge : loud[-1] - edge]


async def frames_of(media: MediaPort, count: int) -> Pcm:
    """Wait for ``count`` frames with sound in them."""
    frames: list[Pcm] = []
    while sum(bool(frame.any()) for frame in frames) < count:
        frames += await media.next_frames()
    return np.concatenate(frames)


@pytest.mark.parametrize(
    ("payload_type", "codec", "decode"), [(0, "PCMU", pcmu_to_pcm), (8, "PCMA", pcma_to_pcm)]
)
async def test_a_tone_reaches_the_caller_at_its_level(
    tmp_path: Path, payload_type: int, codec: str, decode: Callable[[bytes], Pcm]
) -> None:
    async with switchboard() as board, RtpPeer() as caller:
        offer = f"{payload_type} 101"
        port = board.endpoint.port
        async with Sipp("waits_for_bye", port, tmp_path, rtp_port=caller.port, offer=offer) as sipp:
            leg = await board.incoming.get()
            leg.answer()
            started = await told(leg, "MediaStarted")
            assert started.codec == codec
            assert leg.media is not None
            leg.media.push("item", tone(TONE_HZ, 600, RATE_HZ, level_dbov=TONE_DBOV))
            leg.media.finish("item")
            assert (await told(leg, "FirstFramePlayed")).item_id == "item"
            assert (await told(leg, "ItemPlayed")).item_id == "item"
            await caller.until(len(caller.packets) + 5)
            leg.hang_up()
            await sipp.succeeds()
        assert {packet.payload_type for packet in caller.packets} == {payload_type}
        sound = voiced(heard(caller.packets, decode), RATE_HZ)
        assert dbov(sound) == pytest.approx(TONE_DBOV, abs=0.2)
        assert tone_snr_db(sound, RATE_HZ, TONE_HZ) > G711_SNR_DB
        assert leg.media.heard("item") == 600
        assert leg.media.last_voiced_at is not None


@pytest.mark.parametrize(
    ("payload_type", "encode"), [(0, pcm_to_pcmu), (8, pcm_to_pcma)], ids=["PCMU", "PCMA"]
)
async def test_the_caller_is_heard_from_the_first_packet_at_their_level(
    tmp_path: Path, payload_type: int, encode: Callable[[Pcm], bytes]
) -> None:
    async with switchboard() as board, RtpPeer() as caller:
        offer = f"{payload_type} 101"
        port = board.endpoint.port
        async with Sipp("waits_for_bye", port, tmp_path, rtp_port=caller.port, offer=offer) as sipp:
            leg = await board.answered()
            assert leg.media is not None
            first = tone(FIRST_HZ, FIRST_MS, RATE_HZ, level_dbov=TONE_DBOV)
            sound = np.concatenate([first, tone(TONE_HZ, 600, RATE_HZ, level_dbov=TONE_DBOV)])
            to = await caller.destination()
            await caller.send(packets_of(sound, encode), to, payload_type=payload_type)
            inbound = await frames_of(leg.media, 30)
            leg.hang_up()
            await sipp.succeeds()
        assert best_snr_db(inbound, RATE_HZ, FIRST_HZ, window_ms=20) > 15
        snr_db, level_dbov = cleanest(inbound, RATE_HZ, TONE_HZ)
        assert snr_db > G711_SNR_DB
        assert level_dbov == pytest.approx(TONE_DBOV, abs=0.2)


async def test_every_call_gets_its_packets_even_in_silence(tmp_path: Path) -> None:
    async with switchboard() as board, AsyncExitStack() as stack:
        callers = []
        for number in range(board.endpoint.call_limit):
            folder = tmp_path / str(number)
            folder.mkdir()
            caller = await stack.enter_async_context(RtpPeer())
            port = board.endpoint.port
            run = Sipp("waits_for_bye", port, folder, rtp_port=caller.port)
            callers.append((caller, await stack.enter_async_context(run)))
        legs = [await board.answered() for _ in callers]
        for caller, _ in callers:
            packets = await caller.until(60)
            first = packets[0]
            for index, packet in enumerate(packets):
                assert packet.sequence == (first.sequence + index) & 0xFFFF
                elapsed = (packet.timestamp - first.timestamp) & 0xFFFFFFFF
                assert elapsed == index * SAMPLES_PER_PACKET
            assert set(packets[-1].payload) <= {0xFF, 0x7F}, "PCMU silence"
        for leg in legs:
            leg.hang_up()
        for _, run in callers:
            await run.succeeds()


async def test_a_flush_is_heard_at_once_and_counted_to_the_frame(tmp_path: Path) -> None:
    async with switchboard() as board, RtpPeer() as caller:
        port = board.endpoint.port
        async with Sipp("waits_for_bye", port, tmp_path, rtp_port=caller.port) as sipp:
            leg = await board.answered()
            media = leg.media
            assert media is not None
            media.push("long", tone(TONE_HZ, 5_000, RATE_HZ, level_dbov=TONE_DBOV))
            await until(lambda: media.heard("long") >= 200)
            (cut,) = media.flush()
            assert cut.item_id == "long"
            assert cut.received_ms == 5_000
            await caller.until(len(caller.packets) + 10)
            leg.hang_up()
            await sipp.succeeds()
        sound = heard(caller.packets, pcmu_to_pcm)
        loud_ms = np.count_nonzero(np.abs(sound.astype(int)) > 10) * 1000 / RATE_HZ
        assert loud_ms == pytest.approx(cut.heard_ms, abs=20)


async def test_audio_follows_a_caller_behind_nat(tmp_path: Path) -> None:
    async with switchboard() as board, RtpPeer() as caller, RtpPeer() as behind_nat:
        port = board.endpoint.port
        async with Sipp("waits_for_bye", port, tmp_path, rtp_port=caller.port) as sipp:
            leg = await board.answered()
            to = await caller.destination()
            quiet = packets_of(tone(TONE_HZ, 2_000, RATE_HZ, level_dbov=-40.0), pcm_to_pcmu)
            sending = asyncio.get_running_loop().create_task(
                behind_nat.send(quiet, to), name="caller behind NAT"
            )
            await behind_nat.until(10)
            sending.cancel()
            leg.hang_up()
            await sipp.succeeds()


async def test_rtp_leaves_from_the_ports_it_was_given(tmp_path: Path) -> None:
    first, _ = rtp_ports("switchboard")
    ports = first, first + 15
    async with switchboard(rtp_ports=ports) as board, RtpPeer() as caller:
        port = board.endpoint.port
        for number in range(10):  # more calls than the range has ports for: they are used again
            folder = tmp_path / str(number)
            folder.mkdir()
            before = len(caller.packets)
            async with Sipp("waits_for_bye", port, folder, rtp_port=caller.port) as sipp:
                leg = await board.answered()
                await caller.until(before + 3)
                leg.hang_up()
                await sipp.succeeds()
        assert all(first <= packet.source[1] <= first + 15 for packet in caller.packets)
        assert len({packet.source[1] for packet in caller.packets}) > 1


async def test_frames_can_be_read_until_the_leg_is_gone(tmp_path: Path) -> None:
    async with switchboard() as board, RtpPeer() as caller:
        port = board.endpoint.port
        async with Sipp("waits_for_bye", port, tmp_path, rtp_port=caller.port) as sipp:
            leg = await board.answered()
            media = leg.media
            assert media is not None
            await until(lambda: media.frames_in >= 3)
            frames = await media.next_frames()
            assert {len(frame) for frame in frames} == {frame_samples(RATE_HZ)}
            leg.hang_up()
            await told(leg, "Disconnected")
            while await media.next_frames():
                pass  # what is left, then the end
            assert media.dropped_frames == 0
            await sipp.succeeds()
