"""What a phone call is accepted with."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai.types.realtime import RealtimeSessionCreateRequest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.errors import ConfigError
from sipagent.realtime.accepting import NOT_ACCEPTED, accept_session, check_accept
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session_config import agent_parts, initial_config

from .official import undeclared
from .playbook import PCMU, reception

PLAIN = SessionOptions(model="gpt-realtime", turn_detection={"type": "semantic_vad"})


async def test_all_of_an_agent_is_in_the_accept() -> None:
    session = await accept_session(reception(prompt={"id": "pmpt_1"}), PLAIN)
    assert session["type"] == "realtime"
    assert session["model"] == "gpt-realtime"
    assert session["instructions"] == "Receive."
    assert session["prompt"] == {"id": "pmpt_1"}
    assert session["audio"]["output"] == {"voice": "marin"}
    assert session["audio"]["input"]["turn_detection"] == {"type": "semantic_vad"}
    names = [tool["name"] for tool in session["tools"]]
    assert names == ["look_up", "transfer_to_billing", "transfer_to_sales"]


async def test_an_accept_is_what_the_official_type_says() -> None:
    session = await accept_session(reception(), PLAIN)
    read = RealtimeSessionCreateRequest.model_validate_json(orjson.dumps(session), strict=True)
    assert undeclared(read, "session") == []


async def test_instructions_are_asked_for_with_the_context() -> None:
    agent = RealtimeAgent("Ada", lambda context, _: f"Greet {context}.")
    assert (await accept_session(agent, PLAIN, context="Bo"))["instructions"] == "Greet Bo."


async def test_formats_are_in_it_only_if_they_were_asked_for() -> None:
    audio = (await accept_session(reception(), PLAIN))["audio"]
    assert "format" not in audio["input"] and "format" not in audio["output"]
    audio = (await accept_session(reception(), SessionOptions(output_format=PCMU)))["audio"]
    assert "format" not in audio["input"] and audio["output"]["format"] == PCMU


async def test_it_is_what_an_attached_session_takes_for_granted() -> None:
    agent = reception()
    taken = initial_config(PLAIN, agent_parts(await resolve(agent, None)), is_attached=True)
    assert await accept_session(agent, PLAIN) == {"model": "gpt-realtime", **taken}


async def test_a_model_nobody_names_is_left_to_the_provider() -> None:
    assert "model" not in await accept_session(reception(), SessionOptions())


async def test_traces_are_not_asked_for_here() -> None:
    options = SessionOptions(tracing_disabled=False, workflow_name="calls")
    assert "tracing" not in await accept_session(reception(), options)


async def test_overrides_win_in_either_spelling() -> None:
    overrides = {
        "model": "gpt-realtime-mini",
        "audio": {"output": {"voice": "ash"}},
        "toolChoice": "none",
    }
    session = await accept_session(reception(), PLAIN, overrides=overrides)
    assert session["model"] == "gpt-realtime-mini"
    assert session["audio"]["output"]["voice"] == "ash"
    assert session["tool_choice"] == "none"
    assert session["audio"]["input"]["turn_detection"] == {"type": "semantic_vad"}


@pytest.mark.parametrize("field", NOT_ACCEPTED)
@pytest.mark.parametrize("way", ["options", "overrides", "provider_data"])
async def test_a_field_that_an_accept_refuses_is_named_before_anything_is_asked(
    field: str, way: str
) -> None:
    def never(*_: Any) -> str:
        raise AssertionError

    detection = {"type": "server_vad", field: 0}
    where, options, overrides = f"turn_detection.{field}", PLAIN, None
    match way:
        case "options":
            options = SessionOptions(turn_detection=detection)
        case "overrides":
            overrides = {"turn_detection": detection}
        case _:
            options = SessionOptions(
                provider_data={"audio": {"input": {"turn_detection": detection}}}
            )
            where = f"provider_data.audio.input.turn_detection.{field}"
    with pytest.raises(ConfigError) as caught:
        await accept_session(RealtimeAgent("Ada", never), options, overrides=overrides)
    assert caught.value.where == where


async def test_an_override_may_take_such_a_field_away() -> None:
    options = SessionOptions(turn_detection={"type": "server_vad", "threshold": 0.5})
    with pytest.raises(ConfigError):
        check_accept(options)
    overrides = {"turn_detection": {"type": "server_vad", "interrupt_response": True}}
    session = await accept_session(reception(), options, overrides=overrides)
    assert "threshold" not in session["audio"]["input"]["turn_detection"]


@pytest.mark.parametrize("detection", [None, {"type": "server_vad", "idle_timeout_ms": 5_000}])
def test_what_an_accept_takes_passes(detection: dict[str, Any] | None) -> None:
    check_accept(SessionOptions(turn_detection=detection))
