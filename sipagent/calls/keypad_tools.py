"""Built-in tools about keys, and tools of a plan kept from telling what was keyed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from sipagent.agents.callbacks import call_off_loop
from sipagent.agents.tools import BackgroundResult, FunctionTool, ToolContext, result_text
from sipagent.dialplan.keypad import COLLECT_TOOL, SEND_TOOL
from sipagent.errors import ToolError
from sipagent.redaction import REDACTION

from .collecting import LIMIT_S, FieldSettings
from .keys import PAUSE_S

ANY_NUMBER = FieldSettings("digits")
"""What an agent may ask for where the plan names nothing."""


MOST_SENT = 64
"""Keys and pauses at once."""


class KeyHands(Protocol):
    """What tools need of a call's keypad."""

    async def collect(self, field: FieldSettings) -> str:
        """Wait for a number; return what the model is told."""
        ...

    async def send(self, digits: str) -> str:
        """Press keys on the far end; return what the model is told."""
        ...


@lru_cache(maxsize=100)
def keypad_tools(fields: tuple[FieldSettings, ...]) -> Mapping[str, FunctionTool]:
    """Return the built-in tools about keys, by name."""
    collect = _collect_named(fields) if fields else _collect_any()
    return {COLLECT_TOOL: collect, SEND_TOOL: _send_tool()}


def guarded(tool: FunctionTool) -> FunctionTool:
    """Return ``tool`` such that nothing it returns or raises shows what was keyed in."""

    async def invoke(context: ToolContext, values: Mapping[str, Any]) -> Any:
        try:
            result = await call_off_loop(tool.invoke, context, values)
        except ToolError as error:
            spoken = REDACTION.apply(error.spoken)
            raise ToolError(REDACTION.apply(str(error)), spoken=spoken) from None
        if isinstance(result, BackgroundResult):
            return BackgroundResult(_shown(result.output))
        return _shown(result)

    return replace(tool, invoke=invoke)


def _shown(result: Any) -> Any:
    text = result_text(result)
    shown = REDACTION.apply(text)
    return result if shown == text else shown


def _collect_named(fields: tuple[FieldSettings, ...]) -> FunctionTool:
    known = {field.name: field for field in fields}

    async def collect(keypad: KeyHands, values: Mapping[str, Any]) -> str:
        return await keypad.collect(known[values["field"]])

    told = "; ".join(f"{each.name}: {each.description or each.name}" for each in fields)
    field = {"type": "string", "enum": list(known), "description": told}
    return _collect_tool({"field": field}, ["field"], collect)


def _collect_any() -> FunctionTool:
    async def collect(keypad: KeyHands, values: Mapping[str, Any]) -> str:
        field = replace(ANY_NUMBER, **{key: each for key, each in values.items() if key != "end"})
        return await keypad.collect(replace(field, end=values.get("end", field.end)))

    digits = {"type": "integer", "minimum": 1, "maximum": 64}
    properties = {
        "min_digits": digits | {"description": "Fewer are too short; 1 if not given."},
        "max_digits": digits | {"description": "With so many it is whole; 32 if not given."},
        "end": {
            "type": "string",
            "enum": ["#", "*", ""],
            "description": "The key that ends it; # if not given, empty for none.",
        },
        "timeout_s": {
            "type": "number",
            "minimum": 1,
            "maximum": 60,
            "description": "How long to wait for the first key; 10 if not given.",
        },
    }
    return _collect_tool(properties, [], collect)


def _collect_tool(
    properties: dict[str, Any],
    required: list[str],
    collect: Callable[[KeyHands, Mapping[str, Any]], Awaitable[str]],
) -> FunctionTool:
    async def invoke(context: ToolContext, values: Mapping[str, Any]) -> str:
        keypad: KeyHands | None = context.context.keypad
        if keypad is None:
            return "failed: keys cannot be collected on this line; ask the caller to say it."
        return await collect(keypad, values)

    return FunctionTool(
        name=COLLECT_TOOL,
        description=(
            "Collect a number that the caller keys in on the telephone. First say what to key in,"
            " and which key ends it; then call this and say nothing until it has an output. The"
            " output begins with collected, timeout, too_short, invalid, interrupted, hung_up or"
            " failed."
        ),
        parameters={
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
        invoke=invoke,
        timeout_s=LIMIT_S + 5,
    )


def _send_tool() -> FunctionTool:
    async def invoke(context: ToolContext, values: Mapping[str, Any]) -> str:
        keypad: KeyHands | None = context.context.keypad
        if keypad is None:
            return "failed: keys cannot be sent on this line."
        return await keypad.send(values["digits"])

    digits = {
        "type": "string",
        "pattern": f"^[0-9A-D*#,]{{1,{MOST_SENT}}}$",
        "description": "Keys in order, such as 1,,23#; each comma is a pause of one second.",
    }
    return FunctionTool(
        name=SEND_TOOL,
        description=(
            "Press keys on the telephone of whoever you talk to, such as in a menu that asks for"
            " them. The output tells whether they were sent; what becomes of them you hear."
        ),
        parameters={
            "type": "object",
            "properties": {"digits": digits},
            "required": ["digits"],
            "additionalProperties": False,
        },
        invoke=invoke,
        timeout_s=MOST_SENT * PAUSE_S + 5,
    )
