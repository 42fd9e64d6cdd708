"""A text agent, declared: who answers a run, with what tools, in what form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from sipagent.agents.callbacks import MaybeAwaitable, settled
from sipagent.agents.guardrails import OutputGuardrail
from sipagent.agents.handoffs import Handoff, declared_handoff
from sipagent.agents.hooks import AgentHooks
from sipagent.agents.mcp import McpServer
from sipagent.agents.tool_context import ToolContext
from sipagent.agents.tools import FunctionTool, IsEnabled, NeedsApproval
from sipagent.errors import ConfigError

from .guardrails import InputGuardrail
from .model import Json, Model
from .output_form import OutputForm

Instructions: TypeAlias = "Callable[[Any, Agent], MaybeAwaitable[str]]"
"""Takes the run's context and the agent."""
Prompt: TypeAlias = "Callable[[Any, Agent], MaybeAwaitable[Mapping[str, Any] | None]]"


@dataclass(frozen=True, slots=True)
class StopAtTools:
    """The output of one of these tools is the final one; of several, the first called."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool of a turn said."""

    tool: FunctionTool
    output: str
    tool_call_id: str


@dataclass(frozen=True, slots=True)
class ToolsVerdict:
    """Whether the tools of a turn have answered for the agent, and how."""

    is_final_output: bool
    final_output: Any = None


ToolUseFunction: TypeAlias = Callable[[Any, Sequence[ToolResult]], MaybeAwaitable[ToolsVerdict]]
"""Takes the run's context and the results of a turn."""
ToolUseBehavior: TypeAlias = (
    Literal["run_llm_again", "stop_on_first_tool"] | StopAtTools | ToolUseFunction
)


@dataclass(slots=True, eq=False)
class Agent:
    """Who answers. Agents of a run may have a model each.

    Raises:
        TypeError: If a field holds what it cannot; the text names it.
        ConfigError: If there is no such ``tool_use_behavior``, or no schema of ``output_type``.
    """

    name: str
    instructions: str | Instructions = ""
    tools: list[FunctionTool] = field(default_factory=list)
    handoffs: list[Agent | Handoff] = field(default_factory=list)
    """To whom it may hand over; cycles are allowed."""
    handoff_description: str = ""
    """Tells other agents when to hand over to this one."""
    model: str | Model | None = None
    """None: the runner's."""
    model_settings: Json = field(default_factory=dict)
    """Keys of a request as the API names them, such as ``temperature``."""
    output_type: Any = None
    """Of the final output, a pydantic model or another type; None: text."""
    input_guardrails: list[InputGuardrail] = field(default_factory=list)
    """Asked when a run begins with this agent."""
    output_guardrails: list[OutputGuardrail] = field(default_factory=list)
    tool_use_behavior: ToolUseBehavior = "run_llm_again"
    hooks: AgentHooks | None = None
    prompt: Mapping[str, Any] | Prompt | None = None
    """``{id, version?, variables?}`` of a stored prompt; ``prompt_id`` is ``id``."""
    mcp_servers: list[McpServer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._check("name", str)
        self._check("instructions", str, Callable)
        self._check("handoff_description", str)
        self._check("model", str, Model, type(None))
        self._check("model_settings", Mapping)
        self._check("tool_use_behavior", str, StopAtTools, Callable)
        self._check("hooks", AgentHooks, type(None))
        self._check("prompt", Mapping, Callable, type(None))
        self._check_list("tools", FunctionTool)
        self._check_list("handoffs", Agent, Handoff)
        self._check_list("input_guardrails", InputGuardrail)
        self._check_list("output_guardrails", OutputGuardrail)
        self._check_list("mcp_servers", McpServer)
        if isinstance(self.tool_use_behavior, str) and self.tool_use_behavior not in {
            "run_llm_again",
            "stop_on_first_tool",
        }:
            where = f"agent {self.name}"
            raise ConfigError(f"no tool_use_behavior: {self.tool_use_behavior}", where=where)
        OutputForm.of(self.output_type)  # a type without a schema is found now, not in a run

    def clone(self, **overrides: Any) -> Agent:
        """Return a copy with other fields; lists that are not overridden are shared.

        Raises:
            TypeError: If there is no such field, or it cannot hold that.
        """
        return replace(self, **overrides)

    def as_tool(
        self,
        name: str = "",
        description: str = "",
        *,
        max_turns: int | None = 10,
        output: AgentOutput | None = None,
        needs_approval: bool | NeedsApproval = False,
        is_enabled: bool | IsEnabled = True,
    ) -> AgentTool:
        """Return this agent as a tool of another, which stays in charge and is told the answer.

        It gets the run's context, not its conversation: the other one writes what it is to do.
        What its own tools need approval for is asked of the outer run.

        Args:
            name: Of the tool; empty: the agent's.
            description: Tells the other agent what it is good for.
            max_turns: How often its model may be asked in one call, which has no other limit.
            output: Makes of the final output what the other agent is told.
            needs_approval: Whether somebody must approve the call itself.
            is_enabled: Whether the other agent has it.

        Raises:
            ConfigError: If no tool can be called so.
        """
        return AgentTool(
            name=name or self.name,
            description=description,
            parameters=AGENT_TOOL_PARAMETERS,
            invoke=_no_runner,
            needs_approval=needs_approval,
            is_enabled=is_enabled,
            agent=self,
            max_turns=max_turns,
            output=output,
        )

    def _check(self, name: str, *kinds: Any) -> None:
        value = getattr(self, name)
        if not isinstance(value, kinds):
            raise TypeError(f"Agent.{name} must be {_either(kinds)}, not {type(value).__name__}")

    def _check_list(self, name: str, *kinds: Any) -> None:
        value = getattr(self, name)
        if not isinstance(value, list):
            raise TypeError(f"Agent.{name} must be a list, not {type(value).__name__}")
        for index, each in enumerate(value):
            if not isinstance(each, kinds):
                place, found = f"Agent.{name}[{index}]", type(each).__name__
                raise TypeError(f"{place} must be {_either(kinds)}, not {found}")


AgentOutput: TypeAlias = Callable[[Any], MaybeAwaitable[Any]]
"""Takes a final output; returns what the agent that asked is told."""

AGENT_TOOL_PARAMETERS: Json = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "What is to be done."}},
    "required": ["input"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTool(FunctionTool):
    """An agent that works for another one; made by ``Agent.as_tool``."""

    agent: Agent
    max_turns: int | None
    output: AgentOutput | None

    def given(self, arguments: str) -> str:
        """Return what the agent is to do.

        Raises:
            ToolArgumentsInvalid: If the arguments do not say.
        """
        return str(self.parsed(arguments)["input"])

    async def said(self, final_output: Any) -> Any:
        """Return what the agent that asked is told."""
        return final_output if self.output is None else await settled(self.output(final_output))


def _no_runner(context: ToolContext, _: Mapping[str, Any]) -> Any:
    raise ConfigError("an agent is a tool within a Runner's run only", where=context.tool_name)


def handoff(
    agent: Agent,
    *,
    tool_name: str | None = None,
    tool_description: str | None = None,
    input_type: Any = None,
    on_handoff: Callable[..., Any] | None = None,
    is_enabled: bool | IsEnabled = True,
) -> Handoff:
    """Return a handoff to ``agent`` that is more than its defaults.

    The arguments are those of ``realtime_handoff``.

    Raises:
        ConfigError: If ``input_type`` and ``on_handoff`` do not go together.
    """
    return declared_handoff(agent, tool_name, tool_description, input_type, on_handoff, is_enabled)


def as_handoff(target: Agent | Handoff) -> Handoff:
    """Return one of ``Agent.handoffs`` as a handoff."""
    return target if isinstance(target, Handoff) else handoff(target)


def _either(kinds: tuple[Any, ...]) -> str:
    return " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
