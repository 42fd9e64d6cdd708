"""What a session is asked to be, and how it is to behave.

The first group of options goes to the endpoint (see ``session_config``), the rest is ours.
``turn_detection`` has three states: a mapping, None (no VAD: the client commits), and ``DEFAULT``
(not sent: the endpoint's own).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from sipagent.agents.guardrails import OutputGuardrail
from sipagent.audio.formats import AudioFormat

from .config_aliases import options_of
from .mute import MuteMode
from .option_checks import check_options
from .silence import SilenceSettings
from .wire_values import DEFAULT, Default, format_to_wire, turn_detection_to_wire

DEFAULT_TRANSCRIPTION = {"model": "gpt-4o-mini-transcribe"}


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """A session's configuration, but for what its agent says of itself.

    Formats may be given by name (``g711_ulaw``), turn detection in camel case; both are kept as the
    wire has them.

    Raises:
        ConfigError: If an option is not one the endpoint, or we, can work with; names it.
    """

    input_format: Mapping[str, Any] | str | None = None
    """None: PCM; of an attached session, whatever it has."""
    output_format: Mapping[str, Any] | str | None = None
    model: str = ""
    voice: str | Mapping[str, Any] | None = None
    """Wins over the agent's own."""
    speed: float | None = None
    turn_detection: Mapping[str, Any] | Default | None = DEFAULT
    transcription: Mapping[str, Any] | None = field(
        default_factory=lambda: dict(DEFAULT_TRANSCRIPTION)
    )
    """None: the caller's words are not written down."""
    noise_reduction: Mapping[str, Any] | None = None
    output_modalities: Sequence[str] = ("audio",)
    max_output_tokens: int | Literal["inf"] | None = None
    tool_choice: str | Mapping[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: Mapping[str, Any] | None = None
    truncation: str | Mapping[str, Any] | None = None
    include: Sequence[str] = ()
    provider_data: Mapping[str, Any] = field(default_factory=dict)
    """Laid over the session last, key by key; may override everything but audio formats."""

    tracing_disabled: bool = True
    """The endpoint keeps traces, so the privacy of calls asks for none."""
    workflow_name: str | None = None
    group_id: str | None = None
    trace_metadata: Mapping[str, Any] | None = None

    history_store_audio: bool = False
    automatically_trigger_response_for_mcp_tool_calls: bool = True
    async_tool_calls: bool = True
    """False runs them one after the other."""
    tool_response_policy: Literal["each", "all"] = "all"
    """When the model goes on: after each output, or when a response's calls all have theirs."""
    tool_error_formatter: Callable[..., Any] | None = None
    pre_approval_input_guardrails: bool = False
    """Whether a tool's input guardrails run before somebody is asked to approve the call."""
    output_guardrails: Sequence[OutputGuardrail] = ()
    debounce_text_length: int = 100
    """New characters of an item after which output guardrails run; -1: only at its end."""
    mute_mode: MuteMode = "silence"
    """What the model hears of a muted caller."""
    silence_padding: SilenceSettings | None = None
    """When silence is sent for caller audio that does not come; None: never."""
    barge_in: bool = True
    """False: the agent is never cut off."""
    transport_events: bool = False
    """Whether every event of the endpoint is told as it came."""

    def __post_init__(self) -> None:
        for name in ("input_format", "output_format"):
            if getattr(self, name) is not None:
                wire = format_to_wire(getattr(self, name), where=name)
                object.__setattr__(self, name, wire)
        detection = turn_detection_to_wire(self.turn_detection)
        object.__setattr__(self, "turn_detection", detection)
        check_options({each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def from_mapping(
        cls,
        config: Mapping[str, Any],
        *,
        overrides: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> SessionOptions:
        """Read a session config of the SDKs, nested or flat, in camel case or snake case.

        Args:
            config: The session's.
            overrides: The same for what wins over it.
            options: Everything that is no part of a session config, such as ``barge_in``.

        Raises:
            ConfigError: If a key is unknown or a value is wrong; names it.
        """
        return cls(**options_of(config, overrides or {}) | options)

    @property
    def input_audio_format(self) -> AudioFormat:
        """What caller audio goes out in, unless an attached session has another."""
        return AudioFormat.from_wire(self.input_format or AudioFormat.PCM24.to_wire())

    @property
    def output_audio_format(self) -> AudioFormat:
        """What agent audio comes in, unless an attached session has another."""
        return AudioFormat.from_wire(self.output_format or AudioFormat.PCM24.to_wire())
