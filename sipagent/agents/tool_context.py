"""What a tool is told of the call it runs for, and what became of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool is told; a first parameter of this type receives it."""

    context: Any
    """Of the session or the run, such as ``calls.tools.CallContext``."""
    tool_call_id: str
    agent_name: str
    tool_name: str = ""
    arguments: str = ""
    """As the model wrote them."""
    agent: Any = None
    """Who was speaking when the response began: a ``RealtimeAgent``, in a run an ``Agent``."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """Items of the conversation as they were when the tool was called; a copy of its own."""
    usage: Mapping[str, Any] = field(default_factory=dict)
    """Tokens of the session so far."""
    call: Any = None
    """The phone call, None when there is none."""
    _cancelled: threading.Event = field(
        default_factory=threading.Event, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "history", deepcopy(self.history))

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the tool any more: it took too long, or the session ended.

        A coroutine is cancelled as well; a plain function, in its thread, can only look here.
        """
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Tell the tool that nobody waits for it."""
        self._cancelled.set()


@dataclass(frozen=True, slots=True)
class BackgroundResult:
    """A result the model is told of without being asked to answer."""

    output: Any


def background_result(output: Any) -> BackgroundResult:
    """Return ``output`` such that the model is told of it without being asked to answer."""
    return BackgroundResult(output)


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What became of one call."""

    output: str
    must_respond: bool = True
    has_failed: bool = False
    error: Exception | None = None
    """To be told by the session."""
    is_sent: bool = True
    """Whether the model gets ``output``; if not, it is left to wonder."""


def unsent(error: Exception) -> ToolOutcome:
    """Return the outcome the model is not told of, only the session's owner."""
    return ToolOutcome("", must_respond=False, has_failed=True, error=error, is_sent=False)


def result_text(result: Any) -> str:
    """Return a tool's result as the model sees it: text as it is, everything else as JSON."""
    if isinstance(result, str):
        return encodable(result)
    if isinstance(result, BaseModel):
        return result.model_dump_json()
    return encodable(json.dumps(result, ensure_ascii=False, default=str))


def encodable(text: str) -> str:
    """Return ``text`` as it can be sent; half a surrogate pair, as in file names, cannot."""
    return text.encode(errors="replace").decode()
