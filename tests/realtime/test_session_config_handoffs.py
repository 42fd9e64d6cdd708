"""No row of handoffs takes from a call what it was set up with."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sipagent.audio.formats import AudioFormat
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session_config import AgentParts, handoff_config, initial_config

formats = st.none() | st.sampled_from([each.to_wire() for each in AudioFormat])
voices = st.none() | st.sampled_from(["marin", "cedar"]) | st.just({"id": "voice_1"})
prompts = st.none() | st.just({"id": "pmpt_1"})
names = st.sampled_from(["look_up", "transfer_to_billing"])
tools = st.lists(names.map(lambda name: {"type": "function", "name": name}), max_size=2)
agents = st.builds(AgentParts, st.text(max_size=5), prompts, voices, tools)
provider_data = st.sampled_from(
    [
        {},
        {"audio": {"output": {"voice": "ash"}}},
        {"audio": {"input": {"noise_reduction": None}}},
        {"tool_choice": "none"},
    ]
)
options = st.builds(
    SessionOptions,
    formats,
    formats,
    model=st.sampled_from(["", "gpt-realtime"]),
    voice=voices,
    speed=st.none() | st.just(1.2),
    turn_detection=st.none() | st.just({}) | st.just({"type": "semantic_vad"}),
    provider_data=provider_data,
)
handoffs = st.lists(st.tuples(agents, st.booleans()), max_size=6)

NOT_GIVEN = "not given"


def given_once(session: dict[str, Any]) -> list[Any]:
    """Return what stays for the whole session."""
    audio = session["audio"]
    return [
        audio["input"].get("format", NOT_GIVEN),
        audio["output"].get("format", NOT_GIVEN),
        session.get("model", NOT_GIVEN),
        audio["input"].get("turn_detection", NOT_GIVEN),
        audio["output"].get("speed", NOT_GIVEN),
    ]


@given(options, agents, handoffs, st.booleans())
def test_formats_and_model_survive_every_row_of_handoffs(
    wanted: SessionOptions,
    first: AgentParts,
    others: list[tuple[AgentParts, bool]],
    is_attached: bool,
) -> None:
    session = initial_config(wanted, first, is_attached=is_attached)
    begun_with = given_once(session)
    for parts, has_spoken in others:
        session = handoff_config(session, wanted, parts, has_spoken=has_spoken)
        assert given_once(session) == begun_with


@given(options, agents, handoffs)
def test_each_agent_of_a_row_brings_its_words_and_tools_and_no_late_voice(
    wanted: SessionOptions, first: AgentParts, others: list[tuple[AgentParts, bool]]
) -> None:
    session = initial_config(wanted, first)
    has_spoken = False
    for parts, speaks in others:
        has_spoken = has_spoken or speaks
        session = handoff_config(session, wanted, parts, has_spoken=has_spoken)
        assert session["instructions"] == parts.instructions
        assert session["tools"] == list(parts.tools)
        assert session.get("prompt") == parts.prompt
        assert not (has_spoken and "voice" in session["audio"]["output"])
