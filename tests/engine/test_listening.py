"""Caller audio becomes utterances."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import pytest

from sipagent.audio.formats import AudioFormat
from sipagent.audio.frames import Pcm, pcm_to_bytes
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.engine.listening import LEAST_COMMIT_MS, MOST_UTTERANCE_S, Listening, Utterance
from sipagent.engine.vad.turns import TurnEnded, TurnSettings, TurnStarted
from sipagent.errors import WireError

from .speech import RATE_HZ, pause, speech

SETTINGS = TurnSettings(prefix_padding_ms=300, silence_duration_ms=500)

Change = tuple[TurnStarted | TurnEnded, Utterance]


def pcmu(pcm: Pcm) -> str:
    return b64encode(pcm_to_pcmu(pcm)).decode()


def call(text: str) -> Pcm:
    return np.concatenate([pause(1_000), speech(text), pause(1_000)])


def vad() -> Listening:
    return Listening(AudioFormat.PCMU, SETTINGS)


def manual() -> Listening:
    return Listening(AudioFormat.PCMU, None)


async def heard(utterance: Utterance) -> Pcm:
    """Return the audio of an utterance, which is then over."""
    utterance.end()
    return np.concatenate([pause(0), *[chunk async for chunk in utterance.audio()]])


async def test_a_turn_has_the_audio_from_its_padding_to_its_end() -> None:
    pcm = call("Goodbye.")
    (started, utterance), (ended, same) = vad().append(pcmu(pcm))
    assert isinstance(started, TurnStarted) and isinstance(ended, TurnEnded)
    assert same is utterance
    audio = await heard(utterance)
    end = ended.audio_end_ms * RATE_HZ // 1000
    np.testing.assert_array_equal(audio, pcmu_to_pcm(pcm_to_pcmu(pcm))[end - len(audio) : end])
    assert (
        0 <= len(audio) - (end - started.audio_start_ms * RATE_HZ // 1000) < 100 * RATE_HZ // 1000
    )
    assert utterance.audio_ms == len(audio) * 1000 // RATE_HZ


async def test_each_turn_has_an_utterance_of_its_own_however_much_came_at_once() -> None:
    changes = vad().append(pcmu(np.concatenate([call("Goodbye."), call("What?")])))
    assert [type(change) for change, _ in changes] == [TurnStarted, TurnEnded] * 2
    first, second = changes[0][1], changes[2][1]
    assert first is not second
    assert 500 < first.audio_ms < 2_000 and 500 < second.audio_ms < 2_000


def test_between_turns_there_is_nothing_to_commit() -> None:
    listening = vad()
    assert listening.append(pcmu(pause(2_000))) == []
    assert not listening.can_commit


def test_a_turn_under_way_can_be_taken_and_does_not_end_again() -> None:
    listening = vad()
    pcm = call("What are your opening hours?")
    half = len(pcm) // 2
    ((_, utterance),) = listening.append(pcmu(pcm[:half]))
    assert listening.can_commit
    assert listening.take() is utterance
    assert not listening.can_commit
    assert listening.append(pcmu(pause(2_000))) == []


@pytest.mark.parametrize(("extra_ms", "is_enough"), [(0, True), (-8, False)])
def test_a_client_may_commit_a_tenth_of_a_second(extra_ms: int, is_enough: bool) -> None:
    listening = manual()
    whole_chunks_ms = -(-LEAST_COMMIT_MS // 32) * 32
    listening.append(pcmu(pause(whole_chunks_ms + extra_ms)))
    assert listening.can_commit == is_enough


async def test_without_detection_everything_is_kept_and_nothing_is_a_turn() -> None:
    listening = manual()
    pcm = pcmu_to_pcm(pcm_to_pcmu(call("Goodbye.")))
    whole = len(pcm) // 256 * 256
    for start in range(0, len(pcm), 160):
        assert listening.append(pcmu(pcm[start : start + 160])) == []
    np.testing.assert_array_equal(await heard(listening.take()), pcm[:whole])


async def test_switching_detection_off_in_mid_turn_leaves_it_to_the_client() -> None:
    listening = vad()
    pcm = call("What are your opening hours?")
    half = len(pcm) // 2
    ((_, utterance),) = listening.append(pcmu(pcm[:half]))
    before_ms = utterance.audio_ms
    listening.configure(AudioFormat.PCMU, None)
    assert listening.append(pcmu(pcm[half:])) == []
    assert listening.take() is utterance
    assert utterance.audio_ms > before_ms + 1_000


def test_a_change_of_format_is_understood_from_then_on() -> None:
    listening = manual()
    listening.append(pcmu(pause(1_024)))
    listening.configure(AudioFormat.PCM24, None)
    listening.append(b64encode(pcm_to_bytes(np.zeros(24_576, np.int16))).decode())
    assert abs(listening.utterance.audio_ms - 2_048) <= 32


@pytest.mark.parametrize("audio", ["====", "abc", "a b=", "\u00e4\u00f6", "-_-_"])
def test_what_is_no_base64_is_refused_and_changes_nothing(audio: str) -> None:
    listening = manual()
    with pytest.raises(WireError) as caught:
        listening.append(audio)
    assert caught.value.param == "audio"
    assert listening.utterance.audio_ms == 0


@pytest.mark.parametrize("size", [1, 4_801])
def test_sixteen_bits_are_two_bytes(size: int) -> None:
    listening = Listening(AudioFormat.PCM24, None)
    with pytest.raises(WireError) as caught:
        listening.append(b64encode(bytes(size)).decode())
    assert caught.value.param == "audio"
    assert (listening.audio_ms, listening.utterance.audio_ms) == (0, 0)


def test_what_comes_as_pcm_is_heard_as_what_was_appended() -> None:
    pcm = pcmu_to_pcm(pcm_to_pcmu(call("Goodbye.")))
    by_wire, by_leg = vad().append(pcmu(pcm)), vad().hear(pcm)
    assert [change for change, _ in by_leg] == [change for change, _ in by_wire]
    np.testing.assert_array_equal(by_leg[0][1].pcm, by_wire[0][1].pcm)


def test_everything_that_was_appended_counts() -> None:
    for listening in (vad(), manual()):
        listening.append(pcmu(pause(1_024)))
        listening.take()
        listening.append(pcmu(pause(512)))
        assert listening.audio_ms == 1_536


async def test_what_is_recognised_is_kept_too() -> None:
    listening = manual()
    listening.append(pcmu(call("Goodbye.")))
    utterance = listening.take()
    np.testing.assert_array_equal(utterance.pcm, await heard(utterance))
    assert len(Utterance().pcm) == 0


async def test_of_a_turn_without_end_only_the_first_minute_is_kept() -> None:
    utterance = Utterance()
    second = pause(1_000)
    for _ in range(MOST_UTTERANCE_S + 5):
        utterance.feed(second)
    assert utterance.audio_ms == (MOST_UTTERANCE_S + 5) * 1000
    assert len(await heard(utterance)) == len(utterance.pcm) == MOST_UTTERANCE_S * RATE_HZ
