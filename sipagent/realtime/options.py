"""What a session is configured with, as ``session.update`` wants it.

``turn_detection`` has three states: a mapping, None (no VAD: the client commits), and ``DEFAULT``
(not sent: the endpoint's own).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.handoffs import handoff_tool


class Default(Enum):
    """Not given, which is not the same as null."""

    DEFAULT = "default"


DEFAULT = Default.DEFAULT


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """A session's configuration, but for what its agent says of itself."""

    input_format: dict[str, Any]
    output_format: dict[str, Any]
    model: str = ""
    voice: str | None = None
    """Wins over the agent's own."""
    speed: float | None = None
    turn_detection: dict[str, Any] | Default | None = DEFAULT
    transcription: dict[str, Any] | None = None
    noise_reduction: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    tool_choice: str | None = None


def initial_config(agent: RealtimeAgent, options: SessionOptions) -> dict[str, Any]:
    """Return the whole session of the first ``session.update``."""
    audio_input: dict[str, Any] = {
        "format": options.input_format,
        "transcription": options.transcription,
        "noise_reduction": options.noise_reduction,
    }
    if options.turn_detection is not DEFAULT:
        audio_input["turn_detection"] = options.turn_detection
    audio_output: dict[str, Any] = {"format": options.output_format}
    if options.speed is not None:
        audio_output["speed"] = options.speed
    session: dict[str, Any] = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {"input": audio_input, "output": audio_output},
    }
    if options.model:
        session["model"] = options.model
    if options.max_output_tokens is not None:
        session["max_output_tokens"] = options.max_output_tokens
    if options.tool_choice is not None:
        session["tool_choice"] = options.tool_choice
    return with_agent(session, agent, options, may_change_voice=True)


def with_agent(
    session: dict[str, Any],
    agent: RealtimeAgent,
    options: SessionOptions,
    *,
    may_change_voice: bool,
) -> dict[str, Any]:
    """Return ``session`` with what ``agent`` says of itself; formats stay as they are.

    A voice cannot change once audio was made, so it is then left out.
    """
    audio = session["audio"]
    output = {key: value for key, value in audio["output"].items() if key != "voice"}
    voice = options.voice or agent.voice
    if voice is not None and may_change_voice:
        output["voice"] = voice
    updated = {key: value for key, value in session.items() if key != "prompt"}
    updated["audio"] = {"input": audio["input"], "output": output}
    updated["instructions"] = agent.instructions
    updated["tools"] = [tool.to_wire() for tool in agent.tools]
    updated["tools"] += [handoff_tool(target) for target in agent.handoffs]
    if agent.prompt is not None:
        updated["prompt"] = agent.prompt
    elif "prompt" in session:
        updated["prompt"] = None
    return updated
