"""What ``session.update`` and ``response.create`` may do to a session."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from sipagent.engine.session_config import (
    SEMANTIC_VAD,
    SERVER_VAD,
    InvalidConfigError,
    default_session,
    response_session,
    updated_session,
)

Json = dict[str, Any]

SESSION = default_session("sess_1", "model", 99)


def updated(*updates: Json, has_spoken: bool = False) -> Json:
    session = SESSION
    for update in updates:
        session = updated_session(session, {"type": "realtime", **update}, has_spoken=has_spoken)
    return session


def audio_in(**changes: Any) -> Json:
    return {"audio": {"input": changes}}


def audio_out(**changes: Any) -> Json:
    return {"audio": {"output": changes}}


def detection(**changes: Any) -> Json:
    return audio_in(turn_detection={"type": "server_vad", **changes})


def refused(update: Json, *, has_spoken: bool = False) -> tuple[str, str]:
    """Return the parameter and the code an update is refused with; it must change nothing."""
    before = deepcopy(SESSION)
    with pytest.raises(InvalidConfigError) as caught:
        updated(update, has_spoken=has_spoken)
    assert before == SESSION
    return caught.value.param, caught.value.code


def test_a_nested_update_keeps_the_rest() -> None:
    session = updated(audio_in(transcription={"model": "x"}), audio_out(speed=1.25))
    expected = deepcopy(SESSION)
    expected["audio"]["input"]["transcription"] = {"model": "x"}
    expected["audio"]["output"]["speed"] = 1.25
    assert session == expected


def test_an_update_leaves_the_session_before_it_alone() -> None:
    before = deepcopy(SESSION)
    assert updated({"instructions": "Be brief."}, audio_out(voice="cedar")) != before
    assert before == SESSION


def test_absent_turn_detection_stays_and_null_switches_it_off() -> None:
    assert updated(audio_in())["audio"]["input"]["turn_detection"] == SERVER_VAD
    off = updated(audio_in(turn_detection=None))
    assert off["audio"]["input"]["turn_detection"] is None


def test_turn_detection_is_replaced_whole() -> None:
    session = updated(detection(threshold=0.7), detection(silence_duration_ms=200))
    found = session["audio"]["input"]["turn_detection"]
    assert found == {**SERVER_VAD, "silence_duration_ms": 200}


def test_the_kinds_of_turn_detection_have_defaults_of_their_own() -> None:
    session = updated(audio_in(turn_detection={"type": "semantic_vad", "eagerness": "low"}))
    assert session["audio"]["input"]["turn_detection"] == {**SEMANTIC_VAD, "eagerness": "low"}


def test_null_clears_what_may_be_cleared() -> None:
    prompt, words = {"prompt": {"id": "x"}}, audio_in(transcription={"model": "x"})
    session = updated(prompt, words, {"prompt": None}, audio_in(transcription=None))
    assert session == SESSION


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "audio/pcmu"}, {"type": "audio/pcmu"}),
        ("g711_alaw", {"type": "audio/pcma"}),
        ({"type": "audio/pcm"}, {"type": "audio/pcm", "rate": 24_000}),
    ],
)
def test_formats_of_both_directions_are_told_in_full_and_apart(given: Any, told: Json) -> None:
    session = updated(audio_in(format=given))
    assert session["audio"]["input"]["format"] == told
    assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert updated(audio_out(format=given))["audio"]["output"]["format"] == told


@pytest.mark.parametrize(
    ("update", "param"),
    [
        (audio_in(loudness=1), "session.audio.input.loudness"),
        (audio_out(loudness=1), "session.audio.output.loudness"),
        (detection(eagerness="low"), "session.audio.input.turn_detection.eagerness"),
    ],
)
def test_an_unknown_parameter_is_named(update: Json, param: str) -> None:
    assert refused(update) == (param, "unknown_parameter")


@pytest.mark.parametrize(
    ("update", "param"),
    [
        ({"audio": []}, "session.audio"),
        ({"audio": {"input": None}}, "session.audio.input"),
        ({"instructions": None}, "session.instructions"),
        ({"tools": {}}, "session.tools"),
        ({"tools": [{"type": "function"}]}, "session.tools[0].name"),
        ({"tools": [{}, "x"]}, "session.tools[1]"),
        ({"prompt": {}}, "session.prompt.id"),
        ({"prompt": {"id": "x", "variables": []}}, "session.prompt.variables"),
        ({"max_output_tokens": 1.5}, "session.max_output_tokens"),
        ({"max_output_tokens": "all"}, "session.max_output_tokens"),
        ({"max_output_tokens": True}, "session.max_output_tokens"),
        (audio_in(transcription="x"), "session.audio.input.transcription"),
        (audio_out(voice=7), "session.audio.output.voice"),
        (audio_out(speed="fast"), "session.audio.output.speed"),
        (
            detection(silence_duration_ms=0.5),
            "session.audio.input.turn_detection.silence_duration_ms",
        ),
        (detection(create_response=1), "session.audio.input.turn_detection.create_response"),
    ],
)
def test_a_wrong_type_is_named(update: Json, param: str) -> None:
    assert refused(update) == (param, "invalid_type")


@pytest.mark.parametrize(
    ("update", "param"),
    [
        ({"type": "transcription"}, "session.type"),
        ({"model": "other"}, "session.model"),
        ({"output_modalities": ["audio", "text"]}, "session.output_modalities"),
        ({"max_output_tokens": 0}, "session.max_output_tokens"),
        ({"max_output_tokens": 10**18}, "session.max_output_tokens"),
        (audio_in(format={"type": "audio/opus"}), "session.audio.input.format"),
        (audio_in(format={"type": "audio/pcm", "rate": 8000}), "session.audio.input.format"),
        (audio_in(turn_detection={}), "session.audio.input.turn_detection.type"),
        (audio_in(turn_detection={"type": []}), "session.audio.input.turn_detection.type"),
        (audio_out(speed=1.51), "session.audio.output.speed"),
        (detection(threshold=-0.1), "session.audio.input.turn_detection.threshold"),
        (detection(idle_timeout_ms=4_999), "session.audio.input.turn_detection.idle_timeout_ms"),
    ],
)
def test_a_wrong_value_is_named(update: Json, param: str) -> None:
    assert refused(update) == (param, "invalid_value")


def test_an_update_that_is_wrong_anywhere_changes_nothing() -> None:
    update = {"instructions": "Be brief.", **audio_out(voice="cedar", speed=9)}
    assert refused(update) == ("session.audio.output.speed", "invalid_value")


@pytest.mark.parametrize("given", [300, 300.0])
def test_whole_numbers_are_told_as_such_however_they_are_written(given: float) -> None:
    session = updated(detection(prefix_padding_ms=given))
    told = session["audio"]["input"]["turn_detection"]["prefix_padding_ms"]
    assert (told, type(told)) == (300, int)


def test_the_voice_is_fixed_once_there_was_audio() -> None:
    assert updated(audio_out(voice={"id": "cedar"}))["audio"]["output"]["voice"] == "cedar"
    assert refused(audio_out(voice="cedar"), has_spoken=True)[0] == "session.audio.output.voice"
    assert updated(audio_out(voice="marin"), has_spoken=True) == SESSION


def test_who_the_session_is_stays_and_what_is_newer_than_we_are_is_kept() -> None:
    session = updated({"id": "sess_2", "expires_at": 1, "model": "model", "mood": "good"})
    assert session == {**SESSION, "mood": "good"}


def test_a_response_has_its_own_session_and_null_means_the_sessions() -> None:
    own = {
        "instructions": "Greet.",
        "tools": None,
        **audio_out(voice="cedar"),
        "metadata": {"a": 1},
    }
    session = response_session(SESSION, own)
    expected = deepcopy(SESSION)
    expected |= {"instructions": "Greet.", "metadata": {"a": 1}}
    expected["audio"]["output"]["voice"] = "cedar"
    assert session == expected


@pytest.mark.parametrize(
    ("overrides", "param"),
    [
        ({"conversation": "none"}, "response.conversation"),
        ({"metadata": 7}, "response.metadata"),
        ({"output_modalities": ["video"]}, "response.output_modalities"),
        (audio_out(speed=0), "response.audio.output.speed"),
    ],
)
def test_what_is_wrong_with_a_response_is_named(overrides: Json, param: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        response_session(SESSION, overrides)
    assert caught.value.param == param
