"""What ``session.update`` says."""

from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.realtime.options import SessionOptions, initial_config, with_agent

from .playbook import PCMU, Wire, reception

PLAIN = RealtimeAgent("Plain", "Speak.")


def config(agent: RealtimeAgent = PLAIN, **options: Any) -> Wire:
    """Return the first session of ``agent``."""
    return initial_config(agent, SessionOptions(PCMU, PCMU, **options))


def handed_over(session: Wire, agent: RealtimeAgent, **options: Any) -> Wire:
    """Return ``session`` after a handoff to ``agent``, before any audio."""
    return with_agent(session, agent, SessionOptions(PCMU, PCMU, **options), may_change_voice=True)


def test_a_session_without_wishes_says_what_a_phone_call_needs_and_no_more() -> None:
    assert config() == {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": "Speak.",
        "tools": [],
        "audio": {
            "input": {"format": PCMU, "transcription": None, "noise_reduction": None},
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


def test_turn_detection_that_is_not_given_is_not_sent() -> None:
    assert "turn_detection" not in config()["audio"]["input"]


@pytest.mark.parametrize("detection", [{"type": "semantic_vad"}, None])
def test_turn_detection_survives_a_handoff(detection: Wire | None) -> None:
    session = handed_over(config(turn_detection=detection), reception(), turn_detection=detection)
    assert session["audio"]["input"]["turn_detection"] == detection


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        ({"model": "gpt-realtime"}, "model", "gpt-realtime"),
        ({"max_output_tokens": 900}, "max_output_tokens", 900),
        ({"tool_choice": "none"}, "tool_choice", "none"),
    ],
)
def test_a_wish_is_sent_and_survives_a_handoff(options: Wire, key: str, value: object) -> None:
    session = config(**options)
    assert session[key] == value
    assert handed_over(session, reception(), **options)[key] == value


def test_wishes_about_audio_are_sent_where_they_belong() -> None:
    audio = config(
        transcription={"model": "whisper-1"}, noise_reduction={"type": "far_field"}, speed=1.2
    )["audio"]
    assert audio["input"]["transcription"] == {"model": "whisper-1"}
    assert audio["input"]["noise_reduction"] == {"type": "far_field"}
    assert audio["output"]["speed"] == 1.2


def test_the_formats_of_the_two_directions_are_kept_apart() -> None:
    session = initial_config(PLAIN, SessionOptions(PCMU, {"type": "audio/pcma"}))
    assert session["audio"]["input"]["format"] == PCMU
    assert session["audio"]["output"]["format"] == {"type": "audio/pcma"}


def test_a_voice_of_the_session_wins_over_the_agents() -> None:
    assert config(reception())["audio"]["output"]["voice"] == "marin"
    assert config(reception(), voice="ash")["audio"]["output"]["voice"] == "ash"


def test_a_voice_that_may_not_change_is_left_out_and_the_rest_of_the_output_stays() -> None:
    options = SessionOptions(PCMU, PCMU, speed=1.2)
    session = initial_config(reception(), options)
    session = with_agent(session, reception(), options, may_change_voice=False)
    assert session["audio"]["output"] == {"format": PCMU, "speed": 1.2}


def test_the_voice_of_the_agent_before_is_not_repeated_for_one_without() -> None:
    assert "voice" not in handed_over(config(reception()), PLAIN)["audio"]["output"]


def test_tools_are_those_of_the_agent_and_one_for_each_it_may_hand_over_to() -> None:
    tools = config(reception())["tools"]
    assert [tool["name"] for tool in tools] == [
        "look_up",
        "transfer_to_billing",
        "transfer_to_sales",
    ]
    assert {tool["type"] for tool in tools} == {"function"}


def test_a_prompt_is_sent_when_there_is_one() -> None:
    prompt = {"id": "pmpt_1", "variables": {"city": "Wien"}}
    assert config(reception(prompt=prompt))["prompt"] == prompt
    assert "prompt" not in config()


def test_a_prompt_is_cleared_on_a_handoff_to_an_agent_without() -> None:
    session = handed_over(config(reception(prompt={"id": "pmpt_1"})), PLAIN)
    assert "prompt" in session
    assert session["prompt"] is None


def test_a_prompt_that_never_was_is_not_cleared() -> None:
    assert "prompt" not in handed_over(config(), reception())


def test_a_handoff_leaves_the_session_before_it_as_it_was() -> None:
    before = config(reception(prompt={"id": "pmpt_1"}))
    handed_over(before, PLAIN)
    assert before == config(reception(prompt={"id": "pmpt_1"}))
