"""What goes wrong with a tool, beside what the tool itself raises.

ToolError
|-- ToolArgumentsInvalid   the model's arguments do not fit; the text names fields, never values
|-- ToolTimeout            it took longer than ``timeout_s``
`-- ToolGuardrailTripped   a guardrail of the tool stopped it; carries ``output_info``
"""

from __future__ import annotations

from typing import Any

from sipagent.errors import ToolError

DEFAULT_ERROR = "An error occurred while running the tool. Please try again."


class ToolArgumentsInvalid(ToolError):
    """The arguments are no JSON object, or do not fit the schema.

    Args:
        message: Which fields, without what was said.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, spoken=DEFAULT_ERROR)


class ToolTimeout(ToolError):
    """The tool took too long.

    Args:
        tool_name: Which.
        timeout_s: How long it had.
    """

    def __init__(self, tool_name: str, timeout_s: float) -> None:
        self.tool_name, self.timeout_s = tool_name, timeout_s
        text = f"Tool '{tool_name}' timed out after {timeout_s:g} seconds."
        super().__init__(text, spoken=text)


class ToolGuardrailTripped(ToolError):
    """A guardrail stopped the tool, and the model is not told how it ended.

    Args:
        guardrail_name: Which.
        output_info: What it found.
    """

    def __init__(self, guardrail_name: str, output_info: Any = None) -> None:
        self.guardrail_name, self.output_info = guardrail_name, output_info
        super().__init__(f"tool guardrail {guardrail_name} tripped", spoken=DEFAULT_ERROR)
