"""What becomes of a call whose tool failed: what the model is told, and what is logged.

    it raised       the error function's text; None: the model is told nothing, the owner the error
    it timed out    the text of its own function, or how long it had; or the error for the owner
    no text comes   as if nobody had been asked for one

Nothing that is logged has words of the caller, but for a trace of what nobody expected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, TypeAlias

from pydantic import ValidationError

from sipagent.errors import ToolError

from .callbacks import MaybeAwaitable, raised, settled
from .function_schema import faults
from .tool_context import ToolContext, ToolOutcome, encodable, unsent
from .tool_errors import DEFAULT_ERROR, ToolArgumentsInvalid, ToolTimeout

log = logging.getLogger(__name__)

TimeoutBehavior: TypeAlias = Literal["error_as_result", "raise_exception"]
ErrorFunction: TypeAlias = Callable[[ToolContext, Exception], MaybeAwaitable[str]]


def default_tool_error(context: ToolContext, error: Exception) -> str:
    """Return a text that gives nothing away, unless the tool said what may be spoken."""
    return error.spoken if isinstance(error, ToolError) else DEFAULT_ERROR


async def timed_out(
    context: ToolContext,
    timeout: ToolTimeout,
    behavior: TimeoutBehavior,
    say: ErrorFunction | None,
) -> ToolOutcome:
    """Return what becomes of a call that took too long.

    Args:
        context: Of the call.
        timeout: Names the tool, and how long it had.
        behavior: Whether the model is told, or the owner.
        say: Says what the model is told; None: how long the tool had.
    """
    log.warning("tool %s ! timed out", timeout.tool_name)
    if behavior == "raise_exception":
        return unsent(timeout)
    text = await _said(
        say or default_tool_error, timeout.tool_name, context, timeout, timeout.spoken
    )
    return ToolOutcome(text, has_failed=True)


async def failed(
    tool_name: str, context: ToolContext, error: Exception, say: ErrorFunction | None
) -> ToolOutcome:
    """Return what becomes of a call whose tool, or whose arguments, raised ``error``.

    Args:
        tool_name: For the log.
        context: Of the call.
        error: As it was raised.
        say: Says what the model is told; None: nothing, the session tells the error.
    """
    _log(tool_name, error)
    if say is None:
        return unsent(error)
    return ToolOutcome(await _said(say, tool_name, context, error, DEFAULT_ERROR), has_failed=True)


async def _said(
    say: ErrorFunction, tool_name: str, context: ToolContext, error: Exception, otherwise: str
) -> str:
    try:
        text = await settled(say(context, error))
    except BaseException as failure:
        kind = type(raised(failure)).__name__
        log.warning("tool %s ! its error function: %s", tool_name, kind)
        return otherwise
    return encodable(text) if isinstance(text, str) else otherwise


def _log(tool_name: str, error: Exception) -> None:
    """Log without what a caller said: fields and types, not values."""
    match error:
        case ToolArgumentsInvalid():
            log.warning("tool %s ! bad arguments: %s", tool_name, error)
        case ToolError():
            log.warning("tool %s ! %s", tool_name, error)
        case ValidationError():
            log.warning("tool %s ! bad value: %s", tool_name, faults(error))
        case ValueError() | TypeError():
            log.warning("tool %s ! bad value: %s", tool_name, type(error).__name__)
        case _:
            log.error("tool %s ! failed", tool_name, exc_info=error)
