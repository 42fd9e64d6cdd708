"""Prompts: a file, else a voice, else a tone, and never an error."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sipagent.audio.frames import Pcm, silence
from sipagent.audio.tones import tone
from sipagent.audio.wav import WavWriter
from sipagent.calls.prompts import (
    FILLER_PAUSE_MS,
    INFORMATION_HZ,
    hold_tone,
    information_tone,
    prepare_prompts,
)
from sipagent.calls.setup import Prompt
from sipagent.calls.spoken_prompts import SpokenPrompts
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.plans import Plan
from sipagent.engine.tts.speaker import Speaker
from sipagent.engine.tts.voices import EspeakVoice
from sipagent.errors import EngineError

SPOKEN = tone(200, 300, 22_050)


def plan(folder: Path, name: str = "desk", **session: Any) -> Plan:
    data = {"name": name, "agents": [{"name": "Ada", "instructions": "x"}], "session": session}
    return Plan(folder / f"{name}.toml", Dialplan.model_validate(data), {})


async def apology(folder: Path, **session: Any) -> Prompt:
    made = await prepare_prompts([plan(folder, **({"filler": ""} | session))])
    return made["desk"].apology


def wav(channels: int, rate_hz: int, samples: bytes) -> bytes:
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, 0, 0, 16)
    body = b"WAVE" + layout + struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(body)) + body


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the voice speak without its process; return what it said."""
    said: list[str] = []

    async def speak(_: Speaker, text: str, __: EspeakVoice) -> Pcm:
        said.append(text)
        return SPOKEN

    monkeypatch.setattr(Speaker, "speak", speak)
    return said


async def test_a_file_beside_the_plan_is_played_as_it_is(tmp_path: Path, voice: list[str]) -> None:
    pcm = tone(425, 100, 16_000)
    writer = WavWriter(tmp_path / "sorry.wav", 16_000, 1)
    writer.write(pcm)
    writer.close()
    made = await apology(tmp_path, apology_wav="sorry.wav")
    np.testing.assert_array_equal(made.pcm, pcm)
    assert made.rate_hz == 16_000
    assert voice == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"ID3 music",
        wav(1, 8_000, b"\1\1" * 80)[:-170],
        wav(0, 8_000, b"\1\1" * 80),
        wav(1, 0, b"\1\1" * 80),
        wav(1, 8_000, b""),
    ],
    ids=["missing", "no WAV", "cut off", "no channel", "no rate", "empty"],
)
async def test_a_file_that_cannot_be_played_is_replaced_by_the_plans_words(
    tmp_path: Path, voice: list[str], caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "sorry.wav").write_bytes(content)
    made = await apology(tmp_path, apology_wav="sorry.wav", apology="We are closed.")
    assert made.pcm is SPOKEN
    assert voice == ["We are closed."]
    assert "sorry.wav" in caplog.text


async def test_without_a_voice_the_apology_is_a_tone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Pcm:
        raise EngineError("no voice is installed")

    monkeypatch.setattr(Speaker, "speak", fail)
    made = await apology(tmp_path, apology_wav="missing.wav")
    np.testing.assert_array_equal(made.pcm, information_tone().pcm)


async def test_words_that_have_no_sound_become_a_tone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def speak(*_: object) -> Pcm:
        return silence(0)

    monkeypatch.setattr(Speaker, "speak", speak)
    assert len((await apology(tmp_path, apology="...")).pcm)


async def test_each_plan_has_an_apology_of_its_own(tmp_path: Path, voice: list[str]) -> None:
    plans = [plan(tmp_path, "a", apology="One."), plan(tmp_path, "b", apology="Two.")]
    assert list(await prepare_prompts(plans)) == ["a", "b"]
    assert voice == ["One.", "One moment, please.", "Two."]


async def test_what_plans_before_have_spoken_is_not_spoken_again(
    tmp_path: Path, voice: list[str]
) -> None:
    speaker = SpokenPrompts()
    first = await prepare_prompts([plan(tmp_path, apology="One.")], speaker)
    edited = await prepare_prompts([plan(tmp_path, apology="Two.")], speaker)
    assert voice == ["One.", "One moment, please.", "Two."]
    assert first["desk"].filler is not None
    assert edited["desk"].filler is not None
    assert np.array_equal(first["desk"].filler.pcm, edited["desk"].filler.pcm)
    await prepare_prompts([plan(tmp_path, apology="One.")], speaker)
    assert voice[-1] == "One."  # forgotten with the plans that had it


async def test_the_words_are_spoken_by_the_engines_voice(tmp_path: Path) -> None:
    made = await apology(tmp_path, apology="We are closed today.")
    assert 0.5 < len(made.pcm) / made.rate_hz < 5
    assert len(made.at_rate(8_000)) == pytest.approx(len(made.pcm) * 8_000 / made.rate_hz, abs=2)


def test_the_tone_is_the_three_tones_every_caller_knows() -> None:
    made = information_tone()
    thirds = np.split(made.pcm, 3)
    peaks = [int(np.argmax(np.abs(np.fft.rfft(each)))) for each in thirds]
    hz_per_bin = made.rate_hz / len(thirds[0])
    assert [peak * hz_per_bin for peak in peaks] == pytest.approx(INFORMATION_HZ, abs=hz_per_bin)


# The filler.


async def filler(folder: Path, **session: Any) -> Prompt | None:
    return (await prepare_prompts([plan(folder, **session)]))["desk"].filler


def assert_ends_with_a_pause(made: Prompt | None, sound: Pcm) -> None:
    assert made is not None
    np.testing.assert_array_equal(made.pcm[: len(sound)], sound)
    assert len(made.pcm) == len(sound) + FILLER_PAUSE_MS * made.rate_hz // 1000
    assert not made.pcm[len(sound) :].any()


async def test_the_filler_is_the_plans_words_and_a_pause(tmp_path: Path, voice: list[str]) -> None:
    assert_ends_with_a_pause(await filler(tmp_path, filler="Hold on."), SPOKEN)
    assert voice[-1] == "Hold on."


async def test_the_filler_may_be_a_file(tmp_path: Path, voice: list[str]) -> None:
    pcm = tone(425, 100, 16_000)
    (tmp_path / "music.wav").write_bytes(wav(1, 16_000, pcm.tobytes()))
    assert_ends_with_a_pause(await filler(tmp_path, filler_wav="music.wav", filler=""), pcm)


async def test_a_filler_without_a_voice_is_a_soft_tone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Pcm:
        raise EngineError("no voice is installed")

    monkeypatch.setattr(Speaker, "speak", fail)
    assert_ends_with_a_pause(await filler(tmp_path), hold_tone().pcm)
    assert_ends_with_a_pause(
        await filler(tmp_path, filler="", filler_wav="missing.wav"), hold_tone().pcm
    )


@pytest.mark.parametrize("session", [{"filler": ""}, {"reconnect": 0}])
async def test_there_may_be_no_filler(
    tmp_path: Path, voice: list[str], session: dict[str, Any]
) -> None:
    assert await filler(tmp_path, **session) is None
    assert len(voice) == 1  # the apology


async def delegation_filler(folder: Path, **backend: Any) -> Prompt | None:
    agent = {"name": "Ada", "instructions": "x", "tools": ["delegate"]}
    data = {"name": "desk", "agents": [agent], "backend": {"instructions": "x", **backend}}
    made = await prepare_prompts([Plan(folder / "p.toml", Dialplan.model_validate(data), {})])
    return made["desk"].delegation


async def test_a_delegation_is_filled_with_the_plans_words(
    tmp_path: Path, voice: list[str]
) -> None:
    made = await delegation_filler(tmp_path, filler="Let me see.")
    assert made is not None and len(made.pcm) == len(SPOKEN)
    assert voice[-1] == "Let me see."


async def test_a_delegation_is_filled_with_a_tone_or_with_nothing(
    tmp_path: Path, voice: list[str]
) -> None:
    made = await delegation_filler(tmp_path, filler="Let me see.", filler_tone=True)
    assert "Let me see." not in voice
    assert made is not None and np.array_equal(made.pcm, hold_tone().pcm)
    assert await delegation_filler(tmp_path, filler="") is None


async def test_nothing_is_spoken_for_a_plan_that_nobody_answers(
    tmp_path: Path, voice: list[str]
) -> None:
    refusing = Dialplan.model_validate({"name": "closed", "refuse": {"status": 480}})
    made = await prepare_prompts([Plan(tmp_path / "closed.toml", refusing, {})])
    assert voice == []
    assert made["closed"].filler is None
