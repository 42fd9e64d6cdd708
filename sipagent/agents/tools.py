"""Function tools: a Python function, its schema, its limits.

A tool never ends a phone call: whatever it raises becomes a text for the model, or, where the tool
is declared so, an error for the session's owner.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict, Unpack, get_args

from sipagent.errors import ConfigError

from .arguments import parse_arguments
from .callbacks import MaybeAwaitable, call_off_loop, holds, raised
from .function_schema import function_schema, tool_name
from .json_schema import (
    check_arguments,
    check_schema,
    closed_schema,
    strict_schema,
    without_nulls,
)
from .tool_context import (
    BackgroundResult,
    ToolContext,
    ToolOutcome,
    background_result,
    result_text,
)
from .tool_errors import DEFAULT_ERROR, ToolTimeout
from .tool_failures import (
    ErrorFunction,
    TimeoutBehavior,
    default_tool_error,
    failed,
    timed_out,
)
from .tool_guardrails import ToolGuardrail, objection

__all__ = [  # the vocabulary of a file that defines tools
    "DEFAULT_ERROR",
    "BackgroundResult",
    "FunctionTool",
    "ToolContext",
    "ToolOutcome",
    "background_result",
    "function_tool",
    "result_text",
]

DEFAULT_TIMEOUT_S = 20.0
MAX_TIMEOUT_S = 2_147_483.647
"""What a timer in milliseconds of 31 bits can hold."""

NeedsApproval: TypeAlias = Callable[[ToolContext, Mapping[str, Any], str], MaybeAwaitable[bool]]
"""Takes context, parsed arguments and ``tool_call_id``."""
IsEnabled: TypeAlias = Callable[[Any, Any], MaybeAwaitable[bool]]
"""Takes the context of the session or the run, and the agent."""


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """Something an agent can do.

    Raises:
        ConfigError: If the schema or the timeout is none.
    """

    name: str
    """Characters the API does not take become ``_``."""
    description: str
    parameters: dict[str, Any]
    """JSON Schema of the arguments, an object, as its author wrote it."""
    invoke: Callable[[ToolContext, Mapping[str, Any]], Awaitable[Any] | Any]
    """Takes what ``parse`` returned; a plain function runs in a thread."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    strict: bool = True
    """Whether the model is told to give every property and no other, null for what is optional."""
    parse: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    """Raises ``ToolArgumentsInvalid`` for what does not fit; None: arguments fit ``parameters``."""
    needs_approval: bool | NeedsApproval = False
    is_enabled: bool | IsEnabled = True
    error_function: ErrorFunction | None = default_tool_error
    """Says what the model is told of a failure; None: nothing, the session tells the error."""
    timeout_behavior: TimeoutBehavior = "error_as_result"
    timeout_error_function: ErrorFunction | None = None
    """Says what the model is told of a timeout; None: how long the tool had."""
    input_guardrails: Sequence[ToolGuardrail] = ()
    output_guardrails: Sequence[ToolGuardrail] = ()

    def __post_init__(self) -> None:
        where = f"tool {self.name}"
        object.__setattr__(self, "name", tool_name(self.name))
        if not self.name:
            raise ConfigError("a tool must have a name")
        check_schema(self.parameters, where=where)
        is_number = isinstance(self.timeout_s, int | float) and not isinstance(self.timeout_s, bool)
        if not is_number or not math.isfinite(self.timeout_s):
            raise ConfigError("timeout_s must be a finite number", where=where)
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            raise ConfigError(f"timeout_s must be above 0, at most {MAX_TIMEOUT_S}", where=where)
        if self.timeout_behavior not in get_args(TimeoutBehavior):
            allowed = " or ".join(get_args(TimeoutBehavior))
            raise ConfigError(f"timeout_behavior must be {allowed}", where=where)

    def to_wire(self) -> dict[str, Any]:
        """Return the tool of the wire, which has no word for strictness."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": strict_schema(self.parameters) if self.strict else self.parameters,
        }

    async def is_enabled_for(self, context: Any, agent: Any) -> bool:
        """Return whether ``agent`` has the tool now; when that is unclear it has not."""
        return await holds(self.is_enabled, context, agent, if_unclear=False)

    async def is_approval_needed(self, context: ToolContext, arguments: str) -> bool:
        """Return whether somebody must approve the call; when that is unclear, somebody must."""
        if isinstance(self.needs_approval, bool):
            return self.needs_approval
        try:
            values = self.parsed(arguments)
        except Exception:  # validators are code of the tool's author
            return True
        return await holds(
            self.needs_approval, context, values, context.tool_call_id, if_unclear=True
        )

    async def run(self, context: ToolContext, arguments: str) -> ToolOutcome:
        """Run the tool with JSON ``arguments`` unless a guardrail objects to them."""
        rejected = await self.rejected_input(context, arguments)
        return rejected if rejected is not None else await self.execute(context, arguments)

    async def rejected_input(self, context: ToolContext, arguments: str) -> ToolOutcome | None:
        """Return what becomes of a call that an input guardrail objects to, None if none does.

        Arguments that do not fit are left to :meth:`execute`, which refuses them.
        """
        if not self.input_guardrails:
            return None
        try:
            values = self.parsed(arguments)
        except Exception:  # validators are code of the tool's author
            return None
        return await objection(self.input_guardrails, context, values)

    async def execute(self, context: ToolContext, arguments: str) -> ToolOutcome:
        """Run the tool with JSON ``arguments``, which no input guardrail objected to.

        Cancelling it cancels the tool.
        """
        return await self.outcome_of(context, lambda: self._result(context, self.parsed(arguments)))

    async def outcome_of(
        self, context: ToolContext, work: Callable[[], Awaitable[Any]]
    ) -> ToolOutcome:
        """Return what becomes of a call that ``work`` carries out, whatever it raises."""
        try:
            result = await work()
            is_background = isinstance(result, BackgroundResult)
            output = result.output if isinstance(result, BackgroundResult) else result
            hidden = await objection(self.output_guardrails, context, output)
            shown = ToolOutcome(result_text(output), must_respond=not is_background)
            return hidden if hidden is not None else shown
        except ToolTimeout as timeout:
            say = self.timeout_error_function
            return await timed_out(context, timeout, self.timeout_behavior, say)
        except BaseException as error:
            return await failed(self.name, context, raised(error), self.error_function)

    def parsed(self, arguments: str) -> Mapping[str, Any]:
        """Return what ``invoke`` is given for JSON ``arguments``.

        Raises:
            ToolArgumentsInvalid: If they do not fit, or whatever the author's ``parse`` raises.
        """
        parsed = parse_arguments(arguments)
        if self.parse is not None:
            return self.parse(parsed)
        given: dict[str, Any] = without_nulls(parsed, self.parameters) if self.strict else parsed
        check_arguments(given, closed_schema(self.parameters) if self.strict else self.parameters)
        return given

    async def _result(self, context: ToolContext, values: Mapping[str, Any]) -> Any:
        limit = asyncio.timeout(self.timeout_s)
        try:
            async with limit:
                result = await call_off_loop(self.invoke, context, values)
        except asyncio.CancelledError:
            context.cancel()
            raise
        except Exception as error:
            if not limit.expired():
                raise
            context.cancel()
            raise ToolTimeout(self.name, self.timeout_s) from error
        if limit.expired():  # it swallowed its cancellation: the result is too late all the same
            context.cancel()
            raise ToolTimeout(self.name, self.timeout_s)
        return result


class ToolOptions(TypedDict, total=False):
    """What else may be said of a function, see :class:`FunctionTool`."""

    timeout_s: float
    strict: bool
    needs_approval: bool | NeedsApproval
    is_enabled: bool | IsEnabled
    error_function: ErrorFunction | None
    timeout_behavior: TimeoutBehavior
    timeout_error_function: ErrorFunction | None
    input_guardrails: Sequence[ToolGuardrail]
    output_guardrails: Sequence[ToolGuardrail]


def function_tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    **options: Unpack[ToolOptions],
) -> FunctionTool:
    """Make a tool of a function, plain or async; plain ones run in a thread.

    The schema comes from the signature, descriptions from the docstring. A first parameter
    annotated ``ToolContext`` is not part of the schema.

    Raises:
        TypeError: If a parameter has no annotation, or cannot be given by name.
        ConfigError: If an option is impossible.
    """
    schema = function_schema(function)

    async def invoke(context: ToolContext, values: Mapping[str, Any]) -> Any:
        positional = (context,) if schema.takes_context else ()
        return await call_off_loop(function, *positional, **values)

    return FunctionTool(
        name=name or schema.name,
        description=inspect.cleandoc(description)
        if description is not None
        else schema.description,
        parameters=schema.parameters,
        invoke=invoke,
        parse=schema.parse,
        **options,
    )
