"""Which options a session may have."""

import math
from typing import Any

import pytest

from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.audio.formats import AudioFormat
from sipagent.errors import ConfigError
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.wire_values import DEFAULT

from .playbook import PCMU, Wire


def is_polite(*_: object) -> GuardrailResult:
    """Find nothing."""
    return GuardrailResult(tripwire_triggered=False)


def test_defaults_are_those_of_a_private_phone_call() -> None:
    options = SessionOptions()
    assert options.turn_detection is DEFAULT
    assert options.transcription == {"model": "gpt-4o-mini-transcribe"}
    assert options.output_modalities == ("audio",)
    assert options.tracing_disabled
    assert not options.history_store_audio
    assert options.automatically_trigger_response_for_mcp_tool_calls
    assert options.async_tool_calls
    assert options.tool_response_policy == "all"
    assert not options.pre_approval_input_guardrails
    assert options.debounce_text_length == 100
    assert options.barge_in


def test_two_sessions_do_not_share_what_is_not_given() -> None:
    assert SessionOptions().transcription is not SessionOptions().transcription


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("model", None),
        ("voice", ""),
        ("voice", {"name": "marin"}),
        ("speed", 0.2),
        ("speed", 1.6),
        ("speed", math.nan),
        ("speed", True),
        ("output_modalities", ["text", "audio"]),
        ("output_modalities", "audio"),
        ("output_modalities", []),
        ("max_output_tokens", 0),
        ("max_output_tokens", 4_097),
        ("max_output_tokens", 1.5),
        ("max_output_tokens", "many"),
        ("tool_choice", "any"),
        ("tool_choice", {"type": "function"}),
        ("tool_choice", {"type": "mcp", "name": "crm"}),
        ("tool_choice", ["auto"]),
        ("parallel_tool_calls", "no"),
        ("truncation", "maybe"),
        ("include", "item.input_audio_transcription.logprobs"),
        ("include", [7]),
        ("provider_data", None),
        ("provider_data", {"audio": None}),
        ("provider_data", {"audio": {"output": "loud"}}),
        ("provider_data", {"audio": {"sideways": {}}}),
        ("turn_detection", "server_vad"),
        ("transcription", "whisper-1"),
        ("noise_reduction", "near_field"),
        ("reasoning", "low"),
        ("workflow_name", ""),
        ("group_id", 7),
        ("trace_metadata", "tier"),
        ("tracing_disabled", None),
        ("history_store_audio", "yes"),
        ("automatically_trigger_response_for_mcp_tool_calls", 1),
        ("async_tool_calls", 0),
        ("pre_approval_input_guardrails", {}),
        ("barge_in", "off"),
        ("tool_response_policy", "some"),
        ("tool_response_policy", ["all"]),
        ("tool_error_formatter", "Sorry."),
        ("output_guardrails", "politeness"),
        ("output_guardrails", ["politeness"]),
        ("debounce_text_length", 0),
        ("debounce_text_length", -2),
        ("debounce_text_length", True),
        ("debounce_text_length", -1.0),
    ],
)
def test_a_wrong_option_is_named(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: must be ") as caught:
        SessionOptions(**{name: wrong})
    assert caught.value.where == name


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("voice", {"id": "voice_1"}),
        ("speed", 0.25),
        ("speed", 1.5),
        ("output_modalities", ["text"]),
        ("max_output_tokens", 1),
        ("max_output_tokens", 4_096),
        ("max_output_tokens", "inf"),
        ("tool_choice", "required"),
        ("tool_choice", {"type": "function", "name": "look_up"}),
        ("tool_choice", {"type": "mcp", "server_label": "crm"}),
        ("truncation", "disabled"),
        ("truncation", {"type": "retention_ratio", "retention_ratio": 0.8}),
        ("include", ["item.input_audio_transcription.logprobs"]),
        ("reasoning", {"effort": "xhigh"}),
        ("noise_reduction", {"type": "far_field", "strength": 0.5}),
        ("turn_detection", {"type": "server_vad", "idle_timeout_ms": None}),
        ("turn_detection", {"type": "telepathy", "depth": 3}),
        ("tool_error_formatter", str),
        ("output_guardrails", [OutputGuardrail("polite", is_polite)]),
        ("debounce_text_length", -1),
        ("debounce_text_length", 1),
    ],
)
def test_a_right_option_is_kept(name: str, right: Any) -> None:
    assert getattr(SessionOptions(**{name: right}), name) == right


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"turn_detection": {"threshold": 1.1}}, "turn_detection.threshold"),
        ({"turn_detection": {"prefixPaddingMs": -1}}, "turn_detection.prefix_padding_ms"),
        ({"turn_detection": {"silence_duration_ms": 0.5}}, "turn_detection.silence_duration_ms"),
        ({"turn_detection": {"idle_timeout_ms": 4_999}}, "turn_detection.idle_timeout_ms"),
        ({"turn_detection": {"idle_timeout_ms": 30_001}}, "turn_detection.idle_timeout_ms"),
        ({"turn_detection": {"create_response": "no"}}, "turn_detection.create_response"),
        ({"turn_detection": {"interrupt_response": 1}}, "turn_detection.interrupt_response"),
        ({"turn_detection": {"eagerness": "eager"}}, "turn_detection.eagerness"),
        ({"transcription": {"model": 1}}, "transcription.model"),
        ({"noise_reduction": {"type": "outer_space"}}, "noise_reduction.type"),
        ({"reasoning": {"effort": "heroic"}}, "reasoning.effort"),
        ({"truncation": {"type": "auto"}}, "truncation.type"),
        (
            {"truncation": {"type": "retention_ratio", "retention_ratio": 2}},
            "truncation.retention_ratio",
        ),
        ({"input_format": "opus"}, "input_format"),
        ({"output_format": {"type": "audio/pcm", "rate": 16_000}}, "output_format"),
        (
            {"provider_data": {"audio": {"output": {"format": PCMU}}}},
            "provider_data.audio.output.format",
        ),
    ],
)
def test_what_is_wrong_within_an_option_is_named(options: Wire, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SessionOptions(**options)
    assert caught.value.where == where


def test_an_object_is_not_repeated_in_a_complaint_for_it_may_have_secrets() -> None:
    with pytest.raises(ConfigError) as caught:
        SessionOptions(provider_data={"audio": "x", "authorization": "sk-secret"})
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, DEFAULT),
        ({"type": DEFAULT}, DEFAULT),
        (DEFAULT, DEFAULT),
        (None, None),
        ({"silenceDurationMs": 400}, {"silence_duration_ms": 400}),
    ],
)
def test_turn_detection_is_given_null_or_not_given(given: Any, kept: object) -> None:
    assert SessionOptions(turn_detection=given).turn_detection == kept


@pytest.mark.parametrize(
    ("given", "heard"),
    [({}, AudioFormat.PCM24), ({"output_format": PCMU}, AudioFormat.PCMU)],
)
def test_agent_audio_comes_in_the_output_format(given: Wire, heard: AudioFormat) -> None:
    assert SessionOptions(**given).output_audio_format is heard
