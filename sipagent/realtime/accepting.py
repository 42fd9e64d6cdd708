"""The session of an accepted phone call: what an attached session then need not send.

A session that is configured after its call was accepted greets the caller late, so all of it goes
into the accept (Realtime: POST /realtime/calls/{call_id}/accept). Formats are left to the
provider, who knows what the line has; traces are asked for over the socket, where a refusal costs
no call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.resolving import resolve
from sipagent.errors import ConfigError
from sipagent.wire.events import Json

from .config_aliases import options_of
from .options import SessionOptions
from .session_config import agent_parts, initial_config

NOT_ACCEPTED = ("threshold", "prefix_padding_ms", "silence_duration_ms")
"""Fields of ``turn_detection`` that an accept answers with 400, unknown parameter."""


def check_accept(options: SessionOptions) -> None:
    """Let options pass that a call can be accepted with.

    Raises:
        ConfigError: If they say of turn detection what an accept refuses; names the field.
    """
    of_provider = options.provider_data.get("audio", {}).get("input", {}).get("turn_detection")
    for where, detection in (
        ("turn_detection", options.turn_detection),
        ("provider_data.audio.input.turn_detection", of_provider),
    ):
        for field in NOT_ACCEPTED:
            if isinstance(detection, Mapping) and field in detection:
                text = "cannot be given when a phone call is accepted"
                raise ConfigError(text, where=f"{where}.{field}")


async def accept_session(
    agent: RealtimeAgent,
    options: SessionOptions,
    *,
    context: Any = None,
    overrides: Mapping[str, Any] | None = None,
) -> Json:
    """Return the whole session to accept a call with.

    Args:
        agent: Speaks first.
        options: Of the session that will attach; what goes to the endpoint of them.
        context: Handed to instructions, prompt and whatever decides on tools.
        overrides: A session config of the SDKs that wins over the options, for this call alone: an
            agent who takes over later goes by the options again.

    Raises:
        ConfigError: If a value is wrong, an accept would refuse it, or two tools have one name.
    """
    if overrides:
        options = replace(options, **options_of(overrides))
    check_accept(options)
    parts = agent_parts(await resolve(agent, context))
    session = initial_config(options, parts, is_attached=True)
    return {"model": options.model, **session} if options.model else session
