"""What ``session.update`` and ``response.create`` may do to a session."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from sipagent.engine.audio_fields import SEMANTIC_VAD, SERVER_VAD
from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.session_config import default_session, updated_session

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
        ({"tools": [{"type": "function", "name": "x"}, "x"]}, "session.tools[1]"),
        ({"prompt": {}}, "session.prompt.id"),
        ({"prompt": {"id": "x", "variables": []}}, "session.prompt.variables"),
        ({"prompt": {"id": "x", "version": 2}}, "session.prompt.version"),
        ({"tools": [{"type": "mcp"}]}, "session.tools[0].server_label"),
        ({"tool_choice": 7}, "session.tool_choice"),
        ({"tool_choice": {"type": "function"}}, "session.tool_choice.name"),
        ({"tool_choice": {"type": "mcp"}}, "session.tool_choice.server_label"),
        ({"parallel_tool_calls": "yes"}, "session.parallel_tool_calls"),
        ({"reasoning": "high"}, "session.reasoning"),
        ({"tracing": 7}, "session.tracing"),
        ({"tracing": {"group_id": 7}}, "session.tracing.group_id"),
        ({"tracing": {"metadata": []}}, "session.tracing.metadata"),
        ({"truncation": None}, "session.truncation"),
        ({"truncation": {"type": "retention_ratio"}}, "session.truncation.retention_ratio"),
        ({"include": "logprobs"}, "session.include"),
        (audio_in(transcription={"language": 7}), "session.audio.input.transcription.language"),
        (audio_in(noise_reduction="near_field"), "session.audio.input.noise_reduction"),
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
        ({"tools": [{"type": "dance"}]}, "session.tools[0].type"),
        ({"tool_choice": "sometimes"}, "session.tool_choice"),
        ({"reasoning": {"effort": "heroic"}}, "session.reasoning.effort"),
        ({"tracing": "on"}, "session.tracing"),
        ({"truncation": "often"}, "session.truncation"),
        (
            {"truncation": {"type": "retention_ratio", "retention_ratio": 2}},
            "session.truncation.retention_ratio",
        ),
        ({"include": ["secrets"]}, "session.include[0]"),
        (audio_in(noise_reduction={}), "session.audio.input.noise_reduction.type"),
        (
            audio_in(noise_reduction={"type": "far_field", "strength": 2}),
            "session.audio.input.noise_reduction.strength",
        ),
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


@pytest.mark.parametrize(
    "update",
    [
        {"tracing": "auto"},
        {"tracing": {"workflow_name": "desk", "group_id": "g", "metadata": {"a": "b"}}},
        {"truncation": "disabled"},
        {
            "truncation": {
                "type": "retention_ratio",
                "retention_ratio": 0.5,
                "token_limits": {"post_instructions": 8_000},
            }
        },
        {"prompt": {"id": "x", "version": "2", "variables": {"agent": "Billing"}}},
        {"reasoning": {"effort": "low"}},
        {"reasoning": None},
        {"parallel_tool_calls": False},
        {"include": ["item.input_audio_transcription.logprobs"]},
        {"tool_choice": "required"},
        {"tool_choice": {"type": "function", "name": "x"}},
        {"tool_choice": {"type": "mcp", "server_label": "library", "name": "lend"}},
        {"tools": [{"type": "mcp", "server_label": "library", "server_url": "http://x/mcp"}]},
    ],
)
def test_what_is_taken_is_told(update: Json) -> None:
    assert updated(update) == {**SESSION, **update}


@pytest.mark.parametrize(
    "change",
    [
        {"noise_reduction": {"type": "near_field", "strength": 0.5}},
        {"transcription": {"model": "x", "language": "en", "prompt": "names", "keywords": ["a"]}},
    ],
)
def test_what_is_taken_of_the_callers_audio_is_told(change: Json) -> None:
    expected = deepcopy(SESSION)
    expected["audio"]["input"] |= change
    assert updated(audio_in(**change)) == expected


def test_a_version_of_semantic_detection_is_kept() -> None:
    wanted = {**SEMANTIC_VAD, "model_version": "v2"}
    assert updated(audio_in(turn_detection=wanted))["audio"]["input"]["turn_detection"] == wanted
    param = "session.audio.input.turn_detection.model_version"
    assert refused(detection(model_version="v2")) == (param, "unknown_parameter")


def test_tracing_is_set_once() -> None:
    traced = updated({"tracing": None}, {"tracing": "auto"}, {"tracing": "auto"}, {})
    assert traced["tracing"] == "auto"
    for change in (None, {"group_id": "g"}):
        with pytest.raises(InvalidConfigError) as caught:
            updated_session(traced, {"type": "realtime", "tracing": change}, has_spoken=False)
        assert caught.value.param == "session.tracing"


def test_a_session_without_a_model_takes_the_first() -> None:
    update = {"type": "realtime", "model": "other"}
    session = updated_session(SESSION, update, has_spoken=False, takes_model=True)
    assert session["model"] == "other"
    with pytest.raises(InvalidConfigError):
        updated_session(session, {**update, "model": 7}, has_spoken=False, takes_model=True)
