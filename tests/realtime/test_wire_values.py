"""Formats and turn detection, as the wire wants them."""

import math

import pytest

from sipagent.errors import ConfigError
from sipagent.realtime.wire_values import (
    DEFAULT,
    format_to_wire,
    snake_case,
    snake_keys,
    turn_detection_to_wire,
)

from .playbook import PCMU, Wire

PCM = {"type": "audio/pcm", "rate": 24_000}
PCMA = {"type": "audio/pcma"}


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("pcm16", PCM),
        ("pcm", PCM),
        ("audio/pcm", PCM),
        ("g711_ulaw", PCMU),
        ("pcmu", PCMU),
        ("audio/pcmu", PCMU),
        ("g711_alaw", PCMA),
        ("pcma", PCMA),
        ("audio/pcma", PCMA),
        (PCM, PCM),
        ({"type": "audio/pcm"}, PCM),
        ({"type": "audio/pcm", "rate": None}, PCM),
        ({"type": "audio/pcm", "rate": math.nan}, PCM),
        ({"type": "audio/pcm", "rate": math.inf}, PCM),
        (PCMU, PCMU),
        ({"type": "audio/pcmu", "rate": 8_000}, PCMU),
        ({"type": "audio/pcma", "rate": 24_000}, PCMA),
    ],
)
def test_a_format_has_a_type_and_pcm_its_rate(given: object, wire: Wire) -> None:
    assert format_to_wire(given, where="input_format") == wire


@pytest.mark.parametrize(
    "given",
    ["opus", "", "PCM16", {}, {"type": "audio/opus"}, {"type": ["audio/pcm"]}, 7, []],
)
def test_an_unknown_format_is_a_configuration_error(given: object) -> None:
    with pytest.raises(ConfigError, match=r"^audio: unknown audio format"):
        format_to_wire(given, where="audio")


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000, "24000"])
def test_pcm_has_one_rate_only(rate: object) -> None:
    with pytest.raises(ConfigError, match="not supported; use 24000"):
        format_to_wire({"type": "audio/pcm", "rate": rate}, where="audio")


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("createResponse", "create_response"),
        ("interruptResponse", "interrupt_response"),
        ("prefixPaddingMs", "prefix_padding_ms"),
        ("silenceDurationMs", "silence_duration_ms"),
        ("idleTimeoutMs", "idle_timeout_ms"),
        ("modelVersion", "model_version"),
    ],
)
def test_camel_case_in_turn_detection_becomes_snake_case_and_wins(alias: str, name: str) -> None:
    assert turn_detection_to_wire({alias: 1}) == {name: 1}
    assert turn_detection_to_wire({name: 2}) == {name: 2}
    assert turn_detection_to_wire({alias: 1, name: 2}) == {name: 1}
    assert turn_detection_to_wire({name: 2, alias: 1}) == {name: 1}


def test_other_keys_of_turn_detection_pass_through() -> None:
    given = {"type": "semantic_vad", "eagerness": "low", "threshold": 0.4, "newKey": None}
    assert turn_detection_to_wire(given) == given


def test_undefined_values_of_turn_detection_are_removed() -> None:
    assert turn_detection_to_wire({"type": "server_vad", "threshold": DEFAULT}) == {
        "type": "server_vad"
    }


def test_null_and_not_given_stay_different() -> None:
    assert turn_detection_to_wire(None) is None
    assert turn_detection_to_wire(DEFAULT) is DEFAULT
    assert turn_detection_to_wire({}) is DEFAULT


def test_turn_detection_that_was_given_is_left_as_it_was() -> None:
    given = {"createResponse": True}
    turn_detection_to_wire(given)
    assert given == {"createResponse": True}


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("toolChoice", "tool_choice"),
        ("inputAudioNoiseReduction", "input_audio_noise_reduction"),
        ("tool_choice", "tool_choice"),
        ("model", "model"),
    ],
)
def test_camel_case_becomes_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_keys_within_keys_become_snake_case_and_camel_case_wins() -> None:
    given = {
        "retentionRatio": 0.5,
        "retention_ratio": 0.1,
        "tokenLimits": {"postInstructions": 9},
    }
    assert snake_keys(given) == {"retention_ratio": 0.5, "token_limits": {"post_instructions": 9}}
