"""The energy gate."""

import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.tones import tone
from sipagent.engine.vad.energy import EnergyGate

from .speech import RATE_HZ, pause, pink_noise

CHUNK_MS = 32
CHUNK = CHUNK_MS * RATE_HZ // 1000


def loud_chunks(gate: EnergyGate, pcm: Pcm) -> list[bool]:
    return [gate.is_loud(pcm[at : at + CHUNK]) for at in range(0, len(pcm) - CHUNK + 1, CHUNK)]


def voice(level_dbov: float) -> Pcm:
    return tone(300, 320, RATE_HZ, level_dbov=level_dbov)


def test_silence_is_not_loud() -> None:
    assert not any(loud_chunks(EnergyGate(CHUNK_MS), pause(2_000)))


def test_a_voice_out_of_silence_is_loud_from_its_first_chunk() -> None:
    gate = EnergyGate(CHUNK_MS)
    loud_chunks(gate, pause(1_000))
    assert all(loud_chunks(gate, voice(-30)))


def test_a_voice_before_anything_else_is_loud() -> None:
    assert all(loud_chunks(EnergyGate(CHUNK_MS), voice(-20)))


def test_what_nobody_could_understand_is_never_loud() -> None:
    gate = EnergyGate(CHUNK_MS)
    loud_chunks(gate, pause(1_000))
    assert not any(loud_chunks(gate, voice(-52)))


@pytest.mark.parametrize("level_dbov", [-60.0, -45.0, -32.0])
def test_steady_noise_becomes_the_floor(level_dbov: float) -> None:
    loud = loud_chunks(EnergyGate(CHUNK_MS), pink_noise(8_000, level_dbov))
    assert not any(loud[-125:])


def test_the_gate_follows_noise_that_grows() -> None:
    gate = EnergyGate(CHUNK_MS)
    loud_chunks(gate, pink_noise(5_000, -70))
    louder = loud_chunks(gate, pink_noise(6_000, -35))
    assert any(louder[:20]) and not any(louder[-30:])


def test_a_voice_above_the_noise_is_loud_and_one_within_it_is_not() -> None:
    gate = EnergyGate(CHUNK_MS)
    loud_chunks(gate, pink_noise(5_000, -40))
    assert all(loud_chunks(gate, voice(-25)))
    assert not any(loud_chunks(gate, voice(-40)))


def test_a_loud_voice_is_heard_however_long_it_speaks() -> None:
    gate = EnergyGate(CHUNK_MS)
    assert all(loud_chunks(gate, tone(300, 12_000, RATE_HZ, level_dbov=-15)))
