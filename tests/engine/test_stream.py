"""Caller audio in, turns out: the whole VAD on real speech."""

import numpy as np
import pytest

from sipagent.audio.frames import Pcm
from sipagent.audio.g711 import pcm_to_pcmu, pcmu_to_pcm
from sipagent.engine.vad.stream import CHUNK_MS, SpeechStream
from sipagent.engine.vad.turns import TurnEnded, TurnSettings, TurnStarted

from .speech import RATE_HZ, pause, pink_noise, speech, with_noise

SETTINGS = TurnSettings(prefix_padding_ms=0, silence_duration_ms=500)
QUESTION = "What are your opening hours on Saturday?"
LEAD_MS = 1_000


def telephone(pcm: Pcm) -> Pcm:
    return pcmu_to_pcm(pcm_to_pcmu(pcm))


def changes(stream: SpeechStream, pcm: Pcm) -> list[TurnStarted | TurnEnded]:
    return [change for _, change in stream.feed(pcm) if change is not None]


def turns(pcm: Pcm) -> list[TurnStarted | TurnEnded]:
    return changes(SpeechStream(SETTINGS), telephone(pcm))


def call(spoken: Pcm) -> Pcm:
    return np.concatenate([pause(LEAD_MS), spoken, pause(1_000)])


@pytest.mark.parametrize("text", [QUESTION, "Goodbye.", "Yes please.", "It is about an invoice."])
def test_a_sentence_is_one_turn_found_within_a_few_chunks(text: str) -> None:
    spoken = speech(text)
    started, ended = turns(call(spoken))
    assert isinstance(started, TurnStarted) and isinstance(ended, TurnEnded)
    assert abs(started.audio_start_ms - LEAD_MS) <= 4 * CHUNK_MS
    spoken_until_ms = LEAD_MS + len(spoken) * 1000 // RATE_HZ
    assert abs(ended.audio_end_ms - 500 - spoken_until_ms) <= 6 * CHUNK_MS


def test_a_quiet_talker_is_heard() -> None:
    assert len(turns(call(speech(QUESTION, -40.0)))) == 2


def test_speech_above_the_noise_of_a_line_is_one_turn_that_lacks_no_word() -> None:
    spoken = speech(QUESTION)
    for offset_ms in range(0, CHUNK_MS, 4):  # how speech lies in the chunks matters a lot
        quiet_ms = 3_000 + offset_ms
        noisy = np.concatenate([pause(quiet_ms), call(spoken)])
        started, ended = turns(with_noise(noisy, -40.0))
        assert isinstance(started, TurnStarted) and isinstance(ended, TurnEnded)
        assert abs(started.audio_start_ms - quiet_ms - LEAD_MS) <= 3 * CHUNK_MS
        spoken_until_ms = quiet_ms + LEAD_MS + len(spoken) * 1000 // RATE_HZ
        assert abs(ended.audio_end_ms - 500 - spoken_until_ms) <= 8 * CHUNK_MS


@pytest.mark.parametrize("level_dbov", [None, -50.0, -40.0])
@pytest.mark.parametrize("text", ["When are you open?", "Yes.", "Billing please."])
def test_no_phrase_is_missed_however_it_lies_in_the_chunks(
    text: str, level_dbov: float | None
) -> None:
    for offset_ms in range(0, CHUNK_MS, 4):
        pcm = np.concatenate([pause(1_000 + offset_ms), call(speech(text))])
        heard = turns(pcm if level_dbov is None else with_noise(pcm, level_dbov))
        assert heard and isinstance(heard[0], TurnStarted), offset_ms


def test_two_sentences_are_two_turns() -> None:
    pcm = np.concatenate([call(speech(QUESTION)), call(speech("Goodbye."))])
    assert [type(each) for each in turns(pcm)] == [TurnStarted, TurnEnded] * 2


@pytest.mark.parametrize("level_dbov", [-50.0, -30.0, -20.0])
def test_noise_is_no_turn(level_dbov: float) -> None:
    assert turns(pink_noise(20_000, level_dbov)) == []


def test_silence_is_no_turn() -> None:
    assert turns(pause(20_000)) == []


def test_clicks_are_no_turn() -> None:
    pcm = pause(20_000).copy()
    pcm[:: RATE_HZ // 2] = 30_000
    assert turns(pcm) == []


def test_it_does_not_matter_how_the_audio_is_cut() -> None:
    pcm = telephone(call(speech(QUESTION)))
    stream = SpeechStream(SETTINGS)
    pieces = [pcm[at : at + 163] for at in range(0, len(pcm), 163)]
    in_pieces = [change for piece in pieces for change in changes(stream, piece)]
    assert in_pieces == changes(SpeechStream(SETTINGS), pcm)


@pytest.mark.parametrize("piece", [160, 100_000])
def test_the_padding_is_the_audio_before_the_start_however_much_came_at_once(piece: int) -> None:
    pcm = call(speech(QUESTION))
    stream = SpeechStream(TurnSettings(prefix_padding_ms=300))
    for at in range(0, len(pcm), piece):
        for _, change in stream.feed(pcm[at : at + piece]):
            if isinstance(change, TurnStarted):
                padding = stream.since(change.audio_start_ms)
                until = stream.audio_ms * RATE_HZ // 1000
                since = change.audio_start_ms * RATE_HZ // 1000
                assert 0 <= len(padding) - (until - since) < CHUNK_MS * RATE_HZ // 1000
                np.testing.assert_array_equal(padding, pcm[until - len(padding) : until])
                return
    raise AssertionError("no turn")


def test_without_settings_nothing_is_ever_a_turn() -> None:
    assert changes(SpeechStream(None), call(speech(QUESTION))) == []


def test_new_settings_in_mid_speech_neither_end_nor_restart_the_turn() -> None:
    pcm = call(speech(QUESTION))
    half = len(pcm) // 2
    stream = SpeechStream(SETTINGS)
    assert [type(each) for each in changes(stream, pcm[:half])] == [TurnStarted]
    stream.configure(TurnSettings(silence_duration_ms=300))
    assert [type(each) for each in changes(stream, pcm[half:])] == [TurnEnded]


def test_switching_detection_off_ends_the_turn_unsaid() -> None:
    pcm = call(speech(QUESTION))
    half = len(pcm) // 2
    stream = SpeechStream(SETTINGS)
    changes(stream, pcm[:half])
    stream.configure(None)
    assert changes(stream, pcm[half:]) == []
    assert not stream.is_speaking
