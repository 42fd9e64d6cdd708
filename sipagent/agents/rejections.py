"""How a rejected call is worded for the model.

First that exists: the decision's own message, what the formatter says, the default.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

log = logging.getLogger(__name__)

DEFAULT_REJECTION = "Tool execution was not approved."


@dataclass(frozen=True, slots=True)
class ToolErrorDetails:
    """What a formatter of rejections is told."""

    tool_name: str
    tool_call_id: str
    default_message: str
    context: Any
    """Of the run, or of the session."""
    kind: Literal["approval_rejected"] = "approval_rejected"
    tool_type: Literal["function"] = "function"


ToolErrorFormatter: TypeAlias = Callable[[ToolErrorDetails], str | None]


def rejection_text(
    message: str | None,
    formatter: ToolErrorFormatter | None,
    *,
    tool_name: str,
    tool_call_id: str,
    context: Any,
) -> str:
    """Return what the model is told of a rejected call."""
    if message is not None:
        return message
    if formatter is None:
        return DEFAULT_REJECTION
    try:
        text = formatter(ToolErrorDetails(tool_name, tool_call_id, DEFAULT_REJECTION, context))
    except Exception as error:  # the formatter is not ours
        log.warning("! the tool error formatter raised %s", type(error).__name__)
        return DEFAULT_REJECTION
    if not isinstance(text, str):
        if inspect.iscoroutine(text):
            text.close()
        log.warning("! the tool error formatter returned no text")
        return DEFAULT_REJECTION
    return text
