"""Handoffs: as the model sees them, a tool per agent one may hand over to.

Names are lower case, and matched in any case, since SDKs differ in it.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from sipagent.errors import ConfigError, ToolError

from .arguments import parse_arguments
from .callbacks import answered, holds, raised
from .function_schema import faults, tool_name, type_schema
from .json_schema import EMPTY_OBJECT, check_schema, strict_schema, without_nulls
from .tool_context import ToolContext, ToolOutcome, encodable
from .tool_errors import DEFAULT_ERROR, ToolArgumentsInvalid
from .tools import IsEnabled

if TYPE_CHECKING:
    from .agent import RealtimeAgent

log = logging.getLogger(__name__)

IGNORED_HANDOFF = "Multiple handoffs detected, ignoring this one."


@dataclass(frozen=True, slots=True, eq=False)
class Handoff:
    """To whom one may hand over, and how; ``realtime_handoff`` and ``handoff`` make them."""

    agent: Any
    """A ``RealtimeAgent``, in a run an ``Agent``."""
    tool_name: str
    tool_description: str
    input_type: Any = None
    on_handoff: Callable[..., Any] | None = None
    is_enabled: bool | IsEnabled = True

    def to_wire(self) -> dict[str, Any]:
        """Return the tool of the wire that hands over."""
        has_input = self.input_type is not None
        schema = strict_schema(type_schema(self.input_type) if has_input else EMPTY_OBJECT)
        return {
            "type": "function",
            "name": self.tool_name,
            "description": self.tool_description,
            "parameters": schema,
        }

    async def is_enabled_for(self, context: Any, agent: Any) -> bool:
        """Return whether ``agent`` may hand over now; when that is unclear it may not."""
        return await holds(self.is_enabled, context, agent, if_unclear=False)

    async def run(self, context: ToolContext, arguments: str) -> ToolOutcome:
        """Parse the model's input and call ``on_handoff``; the session lets the agent go on.

        A failure is told to the model and carries its error, and nobody goes on in its place.
        Without ``input_type`` whatever the model gave is ignored.
        """
        try:
            values = () if self.input_type is None else (self._parsed(arguments),)
            if self.on_handoff is not None:
                await answered(self.on_handoff(context, *values), "on_handoff")
        except BaseException as raw:
            error = raised(raw)
            log.warning("%s ! %s", self.tool_name, type(error).__name__)
            text = error.spoken if isinstance(error, ToolError) else DEFAULT_ERROR
            return ToolOutcome(encodable(text), has_failed=True, error=error)
        return ToolOutcome(handoff_output(self.agent))

    def _parsed(self, arguments: str) -> Any:
        given = without_nulls(parse_arguments(arguments), type_schema(self.input_type))
        try:
            return TypeAdapter(self.input_type).validate_python(given)
        except ValidationError as error:
            raise ToolArgumentsInvalid(faults(error)) from error


def realtime_handoff(
    agent: RealtimeAgent,
    *,
    tool_name: str | None = None,
    tool_description: str | None = None,
    input_type: Any = None,
    on_handoff: Callable[..., Any] | None = None,
    is_enabled: bool | IsEnabled = True,
) -> Handoff:
    """Return a handoff to ``agent`` that is more than its defaults.

    Args:
        agent: Goes on.
        tool_name: None: made of the agent's name.
        tool_description: None: made of the agent's name and ``handoff_description``.
        input_type: What the model is to give along, such as a pydantic model.
        on_handoff: Takes the ``ToolContext``, and the input when there is an ``input_type``;
            plain or async. When it raises there is no handoff.
        is_enabled: Whether it exists, or who says so.

    Raises:
        ConfigError: If ``input_type`` and ``on_handoff`` do not go together.
    """
    return declared_handoff(agent, tool_name, tool_description, input_type, on_handoff, is_enabled)


def declared_handoff(
    agent: Any,
    tool_name: str | None = None,
    tool_description: str | None = None,
    input_type: Any = None,
    on_handoff: Callable[..., Any] | None = None,
    is_enabled: bool | IsEnabled = True,
) -> Handoff:
    """Return a handoff to an agent of either kind; see :func:`realtime_handoff`."""
    name = _named(tool_name) if tool_name is not None else handoff_tool_name(agent.name)
    where = f"handoff {name}"
    if input_type is not None:
        if on_handoff is None:
            raise ConfigError("input_type needs an on_handoff that takes the input", where=where)
        check_schema(type_schema(input_type), where=where)
    if on_handoff is not None and not _takes(on_handoff, 1 if input_type is None else 2):
        wanted = "the context" if input_type is None else "the context and the input"
        raise ConfigError(f"on_handoff must take {wanted}", where=where)
    description = tool_description if tool_description is not None else _description(agent)
    return Handoff(agent, name, description, input_type, on_handoff, is_enabled)


def as_handoff(target: RealtimeAgent | Handoff) -> Handoff:
    """Return one of ``RealtimeAgent.handoffs`` as a handoff."""
    return target if isinstance(target, Handoff) else realtime_handoff(target)


def handoff_tool_name(agent_name: str) -> str:
    """Return ``transfer_to_billing_agent`` for ``Billing Agent``."""
    return "transfer_to_" + re.sub(r"[^A-Za-z0-9]", "_", agent_name).lower()


def handoff_output(agent: Any) -> str:
    """Return what the model is told of a handoff."""
    return json.dumps({"assistant": agent.name}, separators=(",", ":"))


def _named(name: str) -> str:
    if not name:
        raise ConfigError("a handoff must have a tool name")
    return tool_name(name)


def _description(agent: Any) -> str:
    text = f"Handoff to the {agent.name} agent to handle the request."
    return f"{text} {agent.handoff_description}".strip()


def _takes(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    return True
