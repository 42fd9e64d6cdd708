"""Function tools: a Python function, its schema, its limits.

A tool never ends a phone call: whatever it raises becomes a text for the model.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from sipagent.errors import ToolError

log = logging.getLogger(__name__)

DEFAULT_ERROR = "An error occurred while running the tool. Please try again."
DEFAULT_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool is told; a first parameter of this type receives it."""

    context: Any
    """The session's own, such as ``calls.tools.CallContext``."""
    tool_call_id: str
    agent_name: str


@dataclass(frozen=True, slots=True)
class BackgroundResult:
    """A result the model is told of without being asked to answer."""

    output: Any


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What became of one call."""

    output: str
    must_respond: bool = True
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """Something an agent can do."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON Schema of the arguments, an object."""
    invoke: Callable[[ToolContext, Mapping[str, Any]], Awaitable[Any]]
    """Takes arguments as they came; raises ``ValidationError`` when they do not fit."""
    timeout_s: float = DEFAULT_TIMEOUT_S

    def to_wire(self) -> dict[str, Any]:
        """Return the tool of the wire."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }

    async def run(self, context: ToolContext, arguments: str) -> ToolOutcome:
        """Run the tool with JSON ``arguments``; failures become texts for the model."""
        try:
            parsed = json.loads(arguments or "{}")
            if not isinstance(parsed, dict):
                raise TypeError("arguments must be a JSON object")
            async with asyncio.timeout(self.timeout_s):
                result = await self.invoke(context, parsed)
            if isinstance(result, BackgroundResult):
                return ToolOutcome(result_text(result.output), must_respond=False)
            return ToolOutcome(result_text(result))
        except TimeoutError:
            text = f"Tool '{self.name}' timed out after {self.timeout_s:g} seconds."
            return ToolOutcome(text, has_failed=True)
        except ToolError as error:
            log.warning("tool %s ! %s", self.name, error)
            return ToolOutcome(_encodable(error.spoken), has_failed=True)
        except (ValidationError, ValueError, TypeError) as error:
            log.warning("tool %s ! bad arguments or value: %s", self.name, _fault(error))
            return ToolOutcome(DEFAULT_ERROR, has_failed=True)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            log.warning("tool %s ! something it waited for was cancelled", self.name)
            return ToolOutcome(DEFAULT_ERROR, has_failed=True)
        except (Exception, SystemExit):
            log.exception("tool %s ! failed", self.name)
            return ToolOutcome(DEFAULT_ERROR, has_failed=True)


def result_text(result: Any) -> str:
    """Return a tool's result as the model sees it: text as it is, everything else as JSON."""
    if isinstance(result, str):
        return _encodable(result)
    if isinstance(result, BaseModel):
        return result.model_dump_json()
    return _encodable(json.dumps(result, ensure_ascii=False, default=str))


def _fault(error: Exception) -> str:
    """Say what is wrong without what a caller said: fields, not values."""
    if not isinstance(error, ValidationError):
        return type(error).__name__
    faults = error.errors(include_input=False, include_context=False, include_url=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in faults
    )


def _encodable(text: str) -> str:
    # Half a surrogate pair, as file names may have one, cannot be sent.
    return text.encode(errors="replace").decode()


def function_tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> FunctionTool:
    """Make a tool of a function, plain or async; plain ones run in a thread.

    The schema comes from the signature, the description from the docstring. A first parameter
    annotated ``ToolContext`` is not part of the schema.

    Raises:
        TypeError: If a parameter has no annotation, or cannot be given by name.
    """
    takes_context, model = _arguments_model(function)

    async def invoke(context: ToolContext, arguments: Mapping[str, Any]) -> Any:
        parsed = model.model_validate(arguments)
        values = {field: getattr(parsed, field) for field in model.model_fields}
        positional = (context,) if takes_context else ()
        if inspect.iscoroutinefunction(function):
            return await function(*positional, **values)
        result = await asyncio.to_thread(_call, function, *positional, **values)
        # A plain function around a coroutine function, as decorators make them.
        return await result if inspect.isawaitable(result) else result

    schema = model.model_json_schema()
    schema.pop("title", None)
    for each in schema.get("properties", {}).values():
        each.pop("title", None)
    schema.setdefault("properties", {})
    return FunctionTool(
        name=name or re.sub(r"[^A-Za-z0-9_]", "_", function.__name__),
        description=inspect.cleandoc(
            description if description is not None else (function.__doc__ or "")
        ),
        parameters=schema,
        invoke=invoke,
        timeout_s=timeout_s,
    )


def _call(function: Callable[..., Any], *positional: Any, **values: Any) -> Any:
    try:
        return function(*positional, **values)
    except StopIteration as error:
        raise RuntimeError("StopIteration") from error  # no future takes it: the wait never ends


def _arguments_model(function: Callable[..., Any]) -> tuple[bool, type[BaseModel]]:
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    takes_context = False
    for index, parameter in enumerate(inspect.signature(function).parameters.values()):
        annotation = hints.get(parameter.name)
        if index == 0 and annotation is ToolContext:
            takes_context = True
            continue
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise TypeError(f"tool {function.__name__}: {parameter} cannot be described")
        if annotation is None:
            raise TypeError(f"tool {function.__name__}: {parameter.name} has no annotation")
        has_default = parameter.default is not parameter.empty
        fields[parameter.name] = (annotation, parameter.default if has_default else ...)
    model = create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)
    return takes_context, model
