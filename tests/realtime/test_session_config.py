"""What ``session.update`` says."""

from typing import Any

import pytest

from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session_config import AgentParts, handoff_config, initial_config

from .playbook import PCMU, Wire

PCM = {"type": "audio/pcm", "rate": 24_000}
PLAIN = AgentParts("Speak.")
LOOK_UP = {
    "type": "function",
    "name": "look_up",
    "description": "Find an order.",
    "parameters": {"type": "object", "properties": {}},
}
RECEPTION = AgentParts("Receive.", {"id": "pmpt_1"}, "marin", (LOOK_UP,))


def config(parts: AgentParts = PLAIN, **options: Any) -> Wire:
    """Return the first session of an agent on a telephone line."""
    return initial_config(SessionOptions(PCMU, PCMU, **options), parts)


def handed_over(
    session: Wire, parts: AgentParts, *, has_spoken: bool = False, **options: Any
) -> Wire:
    """Return ``session`` after a handoff."""
    wanted = SessionOptions(PCMU, PCMU, **options)
    return handoff_config(session, wanted, parts, has_spoken=has_spoken)


def test_a_session_without_wishes_says_what_a_phone_call_needs_and_no_more() -> None:
    assert config() == {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": "Speak.",
        "tools": [],
        "audio": {
            "input": {
                "format": PCMU,
                "transcription": {"model": "gpt-4o-mini-transcribe"},
                "noise_reduction": None,
            },
            "output": {"format": PCMU},
        },
    }


def test_turn_detection_that_is_given_is_sent_as_it_is() -> None:
    detection = {"type": "server_vad", "silence_duration_ms": 400}
    assert config(turn_detection=detection)["audio"]["input"]["turn_detection"] == detection


def test_turn_detection_that_is_none_is_sent_as_null_and_turns_vad_off() -> None:
    sent = config(turn_detection=None)["audio"]["input"]
    assert "turn_detection" in sent
    assert sent["turn_detection"] is None


@pytest.mark.parametrize("options", [{}, {"turn_detection": {}}])
def test_turn_detection_that_is_not_given_is_not_sent(options: Wire) -> None:
    assert "turn_detection" not in config(**options)["audio"]["input"]


@pytest.mark.parametrize("detection", [{"type": "semantic_vad"}, None])
def test_turn_detection_survives_a_handoff(detection: Wire | None) -> None:
    session = handed_over(config(turn_detection=detection), RECEPTION, turn_detection=detection)
    assert session["audio"]["input"]["turn_detection"] == detection


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        ({"model": "gpt-realtime"}, "model", "gpt-realtime"),
        ({"output_modalities": ("text",)}, "output_modalities", ["text"]),
        ({"max_output_tokens": "inf"}, "max_output_tokens", "inf"),
        ({"tool_choice": "none"}, "tool_choice", "none"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls", False),
        ({"reasoning": {"effort": "low"}}, "reasoning", {"effort": "low"}),
        ({"truncation": "disabled"}, "truncation", "disabled"),
        ({"include": ("x",)}, "include", ["x"]),
        ({"provider_data": {"novelty": 1}}, "novelty", 1),
    ],
)
def test_a_wish_is_sent_and_survives_a_handoff(options: Wire, key: str, value: object) -> None:
    session = config(**options)
    assert session[key] == value
    assert handed_over(session, RECEPTION, **options)[key] == value


def test_wishes_about_audio_are_sent_where_they_belong() -> None:
    audio = config(
        transcription={"model": "whisper-1"}, noise_reduction={"type": "far_field"}, speed=1.2
    )["audio"]
    assert audio["input"]["transcription"] == {"model": "whisper-1"}
    assert audio["input"]["noise_reduction"] == {"type": "far_field"}
    assert audio["output"]["speed"] == 1.2


def test_transcription_that_is_not_wanted_is_turned_off() -> None:
    assert config(transcription=None)["audio"]["input"]["transcription"] is None


def test_the_formats_of_the_two_directions_are_kept_apart() -> None:
    session = initial_config(SessionOptions(PCMU, {"type": "audio/pcma"}), PLAIN)
    assert session["audio"]["input"]["format"] == PCMU
    assert session["audio"]["output"]["format"] == {"type": "audio/pcma"}


def test_formats_that_are_not_given_are_pcm() -> None:
    audio = initial_config(SessionOptions(), PLAIN)["audio"]
    assert (audio["input"]["format"], audio["output"]["format"]) == (PCM, PCM)


def test_an_attached_session_keeps_its_formats_and_its_model() -> None:
    options = SessionOptions(model="gpt-realtime")
    session = initial_config(options, RECEPTION, is_attached=True)
    for each in (session, handoff_config(session, options, PLAIN, has_spoken=True)):
        assert "format" not in each["audio"]["input"]
        assert "format" not in each["audio"]["output"]
        assert "model" not in each


def test_a_format_that_was_asked_for_is_sent_to_an_attached_session_too() -> None:
    audio = initial_config(SessionOptions(output_format=PCMU), PLAIN, is_attached=True)["audio"]
    assert "format" not in audio["input"]
    assert audio["output"]["format"] == PCMU


def test_a_voice_of_the_session_wins_over_the_agents() -> None:
    assert config(RECEPTION)["audio"]["output"]["voice"] == "marin"
    assert config(RECEPTION, voice="ash")["audio"]["output"]["voice"] == "ash"
    assert "voice" not in config(PLAIN)["audio"]["output"]


def test_a_voice_changes_with_the_agent_until_something_was_said() -> None:
    session = config(PLAIN)
    assert handed_over(session, RECEPTION)["audio"]["output"]["voice"] == "marin"
    output = handed_over(session, RECEPTION, has_spoken=True, speed=1.2)["audio"]["output"]
    assert output == {"format": PCMU}


def test_a_voice_that_may_not_change_is_left_out_and_the_rest_of_the_output_stays() -> None:
    wishes: Wire = {
        "speed": 1.2,
        "voice": "ash",
        "provider_data": {"audio": {"output": {"voice": "cedar"}}},
    }
    session = handed_over(config(RECEPTION, **wishes), RECEPTION, has_spoken=True, **wishes)
    assert session["audio"]["output"] == {"format": PCMU, "speed": 1.2}


def test_the_voice_of_the_agent_before_is_not_repeated_for_one_without() -> None:
    assert "voice" not in handed_over(config(RECEPTION), PLAIN)["audio"]["output"]


def test_tools_are_those_of_the_agent_and_always_sent() -> None:
    session = config(RECEPTION)
    assert session["tools"] == [LOOK_UP]
    assert handed_over(session, PLAIN)["tools"] == []


def test_a_tool_says_only_what_the_endpoint_takes() -> None:
    mcp = {
        "type": "mcp",
        "server_label": "crm",
        "server_url": "https://crm.example.org",
        "server_description": "Customers.",
        "connector_id": "c",
        "authorization": "a",
        "headers": {},
        "allowed_tools": ["find"],
        "require_approval": "never",
    }
    other = {"type": "novelty", "strict": True}
    given = ({**LOOK_UP, "strict": True}, {**mcp, "timeout_s": 3}, other)
    assert config(AgentParts(tools=given))["tools"] == [LOOK_UP, mcp, other]


def test_a_prompt_is_sent_when_there_is_one() -> None:
    assert config(RECEPTION)["prompt"] == {"id": "pmpt_1"}
    assert "prompt" not in config()


def test_a_prompt_is_cleared_on_a_handoff_to_an_agent_without() -> None:
    session = handed_over(config(RECEPTION), PLAIN)
    assert "prompt" in session
    assert session["prompt"] is None


def test_a_prompt_that_never_was_is_not_cleared() -> None:
    assert "prompt" not in handed_over(config(), PLAIN)


def test_provider_data_has_the_last_word() -> None:
    data = {"instructions": "Sing.", "max_output_tokens": 7, "tools": []}
    session = config(RECEPTION, max_output_tokens=9, provider_data=data)
    assert data.items() <= session.items()
    assert data.items() <= handed_over(session, RECEPTION, provider_data=data).items()


def test_provider_data_about_audio_leaves_the_rest_of_audio_as_it_is() -> None:
    data = {"audio": {"input": {"transcription": None}, "output": {"voice": "cedar"}}}
    audio = config(RECEPTION, speed=1.2, provider_data=data)["audio"]
    assert audio["input"] == {"format": PCMU, "transcription": None, "noise_reduction": None}
    assert audio["output"] == {"format": PCMU, "speed": 1.2, "voice": "cedar"}


def test_tracing_is_no_part_of_it() -> None:
    session = config(tracing_disabled=False, workflow_name="calls")
    assert "tracing" not in session


@pytest.mark.parametrize("has_spoken", [False, True])
def test_a_handoff_leaves_the_session_before_it_as_it_was(has_spoken: bool) -> None:
    data = {"audio": {"output": {"voice": "cedar"}}}
    before = config(RECEPTION, provider_data=data)
    handed_over(before, PLAIN, has_spoken=has_spoken, provider_data=data)
    assert before == config(RECEPTION, provider_data=data)
