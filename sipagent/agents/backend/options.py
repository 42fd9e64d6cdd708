"""What a runner does the same way in all its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sipagent.agents.callbacks import MaybeAwaitable
from sipagent.agents.guardrails import OutputGuardrail
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.rejections import ToolErrorFormatter
from sipagent.errors import BackendError, ConfigError

from .guardrails import InputGuardrail
from .model_input import ModelInputFilter
from .state import RunState
from .turn import ToolNotFoundBehavior


@dataclass(frozen=True, slots=True)
class Answer:
    """The final output in place of an error."""

    final_output: Any


ErrorKind: TypeAlias = Literal["max_turns", "model_refusal", "invalid_final_output"]
ErrorHandler: TypeAlias = Callable[[BackendError, RunState], MaybeAwaitable[Answer | None]]
"""Takes the error and the run; None: the run fails with the error."""


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """See :class:`~sipagent.agents.backend.runner.Runner`."""

    model_settings: Mapping[str, Any] = field(default_factory=dict)
    """An agent's own go before."""
    input_guardrails: tuple[InputGuardrail, ...] = ()
    output_guardrails: tuple[OutputGuardrail, ...] = ()
    tool_error_formatter: ToolErrorFormatter | None = None
    """Words a rejection that has no message of its own."""
    error_handlers: Mapping[ErrorKind, ErrorHandler] = field(default_factory=dict)
    tool_not_found_behavior: ToolNotFoundBehavior = "raise_error"
    max_tool_concurrency: int | None = None
    """How many tools of a turn run at once; None: all."""
    pre_approval_input_guardrails: bool = False
    """Whether a tool's input guardrails are asked before a person is, and once more afterwards."""
    call_model_input_filter: ModelInputFilter | None = None
    """May change what one request tells the model."""
    hooks: AgentHooks | None = None
    """Hears of all agents, before their own hooks do."""

    def __post_init__(self) -> None:
        if self.max_tool_concurrency is not None and self.max_tool_concurrency < 1:
            raise ConfigError("max_tool_concurrency must be at least 1, or None")
