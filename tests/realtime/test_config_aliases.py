"""Session configs of the SDKs, read as options."""

from typing import Any

import pytest

from sipagent.errors import ConfigError
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.wire_values import DEFAULT

from .playbook import PCMU, Wire

read = SessionOptions.from_mapping

PCMA = {"type": "audio/pcma"}
FAR = {"type": "far_field"}
CAMEL = {
    "model": "gpt-realtime",
    "outputModalities": ["text"],
    "audio": {
        "input": {
            "format": "g711_ulaw",
            "transcription": {"model": "whisper-1", "language": "de"},
            "noiseReduction": {"type": "near_field"},
            "turnDetection": {"type": "semantic_vad", "interruptResponse": False},
        },
        "output": {"format": {"type": "audio/pcma"}, "voice": "marin", "speed": 1.2},
    },
    "toolChoice": {"type": "mcp", "serverLabel": "crm"},
    "parallelToolCalls": False,
    "reasoning": {"effort": "low"},
    "maxOutputTokens": 900,
    "truncation": {"type": "retention_ratio", "retentionRatio": 0.8},
    "include": ["item.input_audio_transcription.logprobs"],
    "providerData": {"someKey": {"anotherKey": 1}},
}
SNAKE = {
    "model": "gpt-realtime",
    "output_modalities": ["text"],
    "audio": {
        "input": {
            "format": "g711_ulaw",
            "transcription": {"model": "whisper-1", "language": "de"},
            "noise_reduction": {"type": "near_field"},
            "turn_detection": {"type": "semantic_vad", "interrupt_response": False},
        },
        "output": {"format": {"type": "audio/pcma"}, "voice": "marin", "speed": 1.2},
    },
    "tool_choice": {"type": "mcp", "server_label": "crm"},
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low"},
    "max_output_tokens": 900,
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
    "include": ["item.input_audio_transcription.logprobs"],
    "provider_data": {"someKey": {"anotherKey": 1}},
}
OPTIONS = SessionOptions(
    input_format=PCMU,
    output_format=PCMA,
    model="gpt-realtime",
    voice="marin",
    speed=1.2,
    turn_detection={"type": "semantic_vad", "interrupt_response": False},
    transcription={"model": "whisper-1", "language": "de"},
    noise_reduction={"type": "near_field"},
    output_modalities=["text"],
    max_output_tokens=900,
    tool_choice={"type": "mcp", "server_label": "crm"},
    parallel_tool_calls=False,
    reasoning={"effort": "low"},
    truncation={"type": "retention_ratio", "retention_ratio": 0.8},
    include=["item.input_audio_transcription.logprobs"],
    provider_data={"someKey": {"anotherKey": 1}},
)


@pytest.mark.parametrize("config", [CAMEL, SNAKE])
def test_a_nested_config_is_read_in_either_spelling(config: Wire) -> None:
    assert read(config) == OPTIONS


def test_an_empty_config_is_the_default() -> None:
    assert read({}) == SessionOptions()


def test_what_is_no_part_of_a_config_is_given_beside_it() -> None:
    options = read({"voice": "ash"}, barge_in=False, history_store_audio=True)
    assert (options.voice, options.barge_in, options.history_store_audio) == ("ash", False, True)


@pytest.mark.parametrize(
    ("key", "value", "field", "kept"),
    [
        ("modalities", ["text", "audio"], "output_modalities", ["audio"]),
        ("modalities", ["audio"], "output_modalities", ["audio"]),
        ("modalities", ["text"], "output_modalities", ["text"]),
        ("inputAudioFormat", "g711_ulaw", "input_format", PCMU),
        ("input_audio_format", "g711_ulaw", "input_format", PCMU),
        ("outputAudioFormat", "g711_alaw", "output_format", PCMA),
        ("inputAudioTranscription", {"model": "w"}, "transcription", {"model": "w"}),
        ("inputAudioTranscription", None, "transcription", None),
        ("inputAudioNoiseReduction", FAR, "noise_reduction", FAR),
        ("turnDetection", {"prefixPaddingMs": 9}, "turn_detection", {"prefix_padding_ms": 9}),
        ("turnDetection", None, "turn_detection", None),
        ("turnDetection", {}, "turn_detection", DEFAULT),
        ("voice", "ash", "voice", "ash"),
        ("speed", 1.1, "speed", 1.1),
        ("maxResponseOutputTokens", "inf", "max_output_tokens", "inf"),
    ],
)
def test_an_older_key_means_the_option_it_became(
    key: str, value: Any, field: str, kept: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert getattr(read({key: value}), field) == kept
    assert not caplog.records


def test_mixed_shapes_are_merged_and_the_nested_one_wins_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = read(
        {
            "inputAudioFormat": "g711_ulaw",
            "speed": 1.1,
            "modalities": ["text"],
            "outputModalities": ["audio"],
            "audio": {"input": {"format": "g711_alaw"}, "output": {"voice": "ash"}},
        }
    )
    assert options.input_format == PCMA
    assert options.speed == 1.1
    assert options.voice == "ash"
    assert options.output_modalities == ["audio"]
    (warning,) = caplog.messages
    assert "audio.input.format, audio.output.speed, output_modalities" in warning


def test_shapes_that_do_not_collide_are_worth_a_warning_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = read({"speed": 1.1, "audio": {"output": {"voice": "ash"}}})
    assert (options.speed, options.voice) == (1.1, "ash")
    assert len(caplog.records) == 1


def test_two_names_of_one_setting_are_worth_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert read({"modalities": ["text"], "outputModalities": ["audio"]}).output_modalities == [
        "audio"
    ]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("config", [CAMEL, SNAKE])
def test_one_shape_is_not_worth_a_warning(config: Wire, caplog: pytest.LogCaptureFixture) -> None:
    read({**config, "voice": "ash"})
    assert not caplog.records


def test_a_nested_empty_turn_detection_does_not_hide_an_older_one() -> None:
    options = read({"turnDetection": None, "audio": {"input": {"turnDetection": {}}}})
    assert options.turn_detection is None


def test_camel_case_wins_over_snake_case() -> None:
    assert read({"tool_choice": "none", "toolChoice": "required"}).tool_choice == "required"
    assert read({"toolChoice": "required", "tool_choice": "none"}).tool_choice == "required"


@pytest.mark.parametrize(
    ("config", "overrides", "voice"),
    [
        ("cn ct", "on ot", "on"),
        ("cn ct", "ot", "cn"),
        ("ct", "ot", "ot"),
        ("ct", "", "ct"),
        ("ct", "on", "on"),
        ("", "", None),
    ],
)
def test_a_nested_voice_wins_and_then_that_of_the_overrides(
    config: str, overrides: str, voice: str | None
) -> None:
    def shape(names: str) -> Wire:
        by_place = {name[1]: name for name in names.split()}
        return {
            "voice": by_place.get("t"),
            "audio": {"output": {"voice": by_place.get("n")}},
        }

    assert read(shape(config), overrides=shape(overrides)).voice == voice


def test_overrides_win_key_by_key() -> None:
    options = read(CAMEL, overrides={"audio": {"output": {"speed": 0.9}}, "toolChoice": "none"})
    assert (options.speed, options.tool_choice) == (0.9, "none")
    assert options.output_format == PCMA


def test_null_says_nothing_where_it_turns_nothing_off() -> None:
    config = {"voice": None, "toolChoice": None, "model": None, "audio": {"output": None}}
    assert read(config, overrides={"outputModalities": None}) == SessionOptions()


def test_null_turns_off_what_it_can() -> None:
    nothing = {"transcription": None, "noiseReduction": None, "turnDetection": None}
    options = read({"audio": {"input": nothing}})
    assert options.transcription is None
    assert options.noise_reduction is None
    assert options.turn_detection is None


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"temperature": 0.8}, "temperature"),
        ({"audio": {"input": {"gain": 3}}}, "audio.input.gain"),
        ({"audio": {"sideways": {"gain": 3}}}, "audio.sideways.gain"),
        ({"audio": "loud"}, "audio"),
        ({"audio": {"input": "pcm16"}}, "audio.input"),
        ({"toolChoice": "any"}, "tool_choice"),
        ({"inputAudioFormat": "opus"}, "input_format"),
        ({"tracing": "manual"}, "tracing"),
        ({"tracing": {"workflow": "x"}}, "tracing"),
        ({"tracing": {}}, "tracing"),
    ],
)
def test_what_is_wrong_in_a_config_is_named(config: Wire, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(config)
    assert caught.value.where == where


@pytest.mark.parametrize("key", ["instructions", "prompt", "tools"])
def test_what_an_agent_says_is_not_taken_from_a_config(key: str) -> None:
    with pytest.raises(ConfigError, match="belongs to the agent"):
        read({key: "x"})


def test_tracing_of_a_config_becomes_the_tracing_options() -> None:
    assert not read({"tracing": "auto"}).tracing_disabled
    assert read({"tracing": None}).tracing_disabled
    options = read(
        {"tracing": {"workflowName": "calls", "groupId": "g", "metadata": {"someTier": "1"}}}
    )
    assert not options.tracing_disabled
    assert (options.workflow_name, options.group_id) == ("calls", "g")
    assert options.trace_metadata == {"someTier": "1"}
