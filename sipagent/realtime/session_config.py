"""What ``session.update`` says: at the start, and when another agent goes on.

A handoff begins with what was sent last, so that audio formats survive it: a session that fell back
to PCM would be noise on a telephone line. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sipagent.agents.resolving import ResolvedAgent
from sipagent.audio.formats import AudioFormat

from .options import SessionOptions
from .wire_values import DEFAULT, at_path

TOOL_KEYS = {
    "function": ("type", "name", "description", "parameters"),
    "mcp": (
        "type",
        "server_label",
        "server_url",
        "server_description",
        "connector_id",
        "authorization",
        "headers",
        "allowed_tools",
        "require_approval",
    ),
}
"""What a tool may say of itself; anything else, ``strict`` too, is refused."""


@dataclass(frozen=True, slots=True)
class AgentParts:
    """What an agent says of itself at one moment, ready for the wire."""

    instructions: str = ""
    prompt: Mapping[str, Any] | None = None
    voice: str | Mapping[str, Any] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    """Its own and its handoffs."""


def agent_parts(agent: ResolvedAgent) -> AgentParts:
    """Return what ``agent`` says of itself."""
    return AgentParts(agent.instructions, agent.prompt, agent.agent.voice, agent.wire_tools())


def initial_config(
    options: SessionOptions, parts: AgentParts, *, is_attached: bool = False
) -> dict[str, Any]:
    """Return the whole session of the first ``session.update``.

    Args:
        options: Of the session.
        parts: Of the agent that speaks first.
        is_attached: Whether the session was begun by a phone call at the provider. It then has a
            model, and audio formats that a default of ours would break.
    """
    audio_input: dict[str, Any] = {
        "transcription": options.transcription,
        "noise_reduction": options.noise_reduction,
    }
    if options.turn_detection is not DEFAULT:
        audio_input["turn_detection"] = options.turn_detection
    audio_output: dict[str, Any] = {}
    if options.speed is not None:
        audio_output["speed"] = options.speed
    for audio, wanted in (
        (audio_input, options.input_format),
        (audio_output, options.output_format),
    ):
        if wanted is not None or not is_attached:
            audio["format"] = wanted or AudioFormat.PCM24.to_wire()
    session: dict[str, Any] = {
        "type": "realtime",
        "output_modalities": list(options.output_modalities),
        "audio": {"input": audio_input, "output": audio_output},
        **_wishes(options),
    }
    if options.model and not is_attached:
        session["model"] = options.model
    return handoff_config(session, options, parts, has_spoken=False)


def handoff_config(
    last_sent: Mapping[str, Any], options: SessionOptions, parts: AgentParts, *, has_spoken: bool
) -> dict[str, Any]:
    """Return ``last_sent`` with another agent in it.

    Args:
        last_sent: The session of the last ``session.update``; stays as it is.
        options: Of the session.
        parts: Of the agent that goes on.
        has_spoken: Whether the session has made audio. Its voice cannot change any more, so it is
            left out.
    """
    audio = last_sent["audio"]
    output = {key: value for key, value in audio["output"].items() if key != "voice"}
    voice = options.voice or parts.voice
    if voice is not None:
        output["voice"] = voice
    session = {key: value for key, value in last_sent.items() if key != "prompt"}
    session["audio"] = {"input": dict(audio["input"]), "output": output}
    session["instructions"] = parts.instructions
    session["tools"] = [_wire_tool(tool) for tool in parts.tools]
    if parts.prompt is not None:
        session["prompt"] = parts.prompt
    elif "prompt" in last_sent:
        session["prompt"] = None
    session = _overlaid(session, options.provider_data)
    if has_spoken:
        session["audio"]["output"].pop("voice", None)
    return session


def updated_config(config: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``config`` as an endpoint has it after another ``session.update``."""
    audio = {}
    for direction in ("input", "output"):
        wanted = at_path(update, "audio", direction)
        changes = wanted if isinstance(wanted, Mapping) else {}  # the endpoint says so too
        audio[direction] = {**config["audio"][direction], **changes}
    return {**config, **update, "audio": audio}


def _wishes(options: SessionOptions) -> dict[str, Any]:
    """Return what is only sent when it was asked for."""
    wishes = {
        "max_output_tokens": options.max_output_tokens,
        "tool_choice": options.tool_choice,
        "parallel_tool_calls": options.parallel_tool_calls,
        "reasoning": options.reasoning,
        "truncation": options.truncation,
        "include": list(options.include) or None,
    }
    return {key: value for key, value in wishes.items() if value is not None}


def _wire_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    keys = TOOL_KEYS.get(tool["type"], tuple(tool))
    return {key: tool[key] for key in keys if key in tool}


def _overlaid(session: Mapping[str, Any], provider_data: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``session`` under ``provider_data``.

    Audio settings are overlaid one by one: who only names a voice does not mean to lose the format.
    """
    audio = {
        direction: {**settings, **provider_data.get("audio", {}).get(direction, {})}
        for direction, settings in session["audio"].items()
    }
    return {**session, **provider_data, "audio": audio}
