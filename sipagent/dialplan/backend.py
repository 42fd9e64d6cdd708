"""``[backend]`` of a dialplan: the agent that works in writing while the caller waits.

Voice agents hand requests to it with the tool ``delegate``. What each key alone must be is in the
model; what the plan around it must be is in :func:`check_backend`, which looks at no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from .documents import Document, read_source
from .findings import Finding, Severity
from .model import AgentName, Model, Text, ToolName
from .validation import listed, near_miss

if TYPE_CHECKING:
    from .models import Dialplan

DELEGATE_TOOL = "delegate"

DEFAULT_FILLER = "One moment, please."


def api_base(text: str) -> str:
    """Return the base URL of an API.

    Raises:
        ValueError: If it is none.
    """
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise ValueError('must be the base URL of an API, such as "https://api.openai.com/v1"')
    return text


class Backend(Model):
    """``[backend]``: an agent that reads and writes, and has tools of its own."""

    name: AgentName = "Backend"
    """In approvals, and in the script of the embedded engine."""
    instructions: Text
    """What the model is told to be."""
    url: Annotated[str, AfterValidator(api_base)] | None = None
    """Base of its API; None: where the speech model is."""
    model: Text = "gpt-4.1"
    """That works."""
    transport: Literal["http", "websocket", "chat"] = "http"
    """Responses API, over either; or Chat Completions, which more endpoints have."""
    api_key_file: Text | None = None
    """Holds its key and nothing else; None: the key of the speech model."""
    tools: tuple[ToolName, ...] = ()
    """Names of ``[[tools]]``."""
    timeout_s: Annotated[float, Field(gt=0, le=290)] = 60.0
    """For a whole answer, tools and approvals included."""
    on_interruption: Literal["cancel", "continue"] = "cancel"
    """What becomes of the work when the caller says something while it goes on."""
    filler: str = DEFAULT_FILLER
    """Spoken when the caller begins to wait, and again; ``""``: nothing."""
    filler_tone: bool = False
    """Play a quiet tone instead."""
    filler_every_s: Annotated[float, Field(ge=1, le=60)] = 8.0
    """How often, from its beginning to its beginning."""


def check_backend(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[backend]``, or with a plan that needs one."""
    users = [index for index, agent in enumerate(plan.agents) if DELEGATE_TOOL in agent.tools]
    backend = plan.backend
    if backend is None:
        for index in users:
            path = ("agents", index, "tools", plan.agents[index].tools.index(DELEGATE_TOOL))
            text = f'"{DELEGATE_TOOL}" needs [backend], which says who does the work'
            yield document.finding(path, text)
        return
    if not users:
        text = f'no agent has "{DELEGATE_TOOL}"'
        yield document.finding(("backend",), text, Severity.WARNING)
    yield from _names(plan, backend, document)
    yield from _fillers(backend, document)


def _names(plan: Dialplan, backend: Backend, document: Document) -> Iterator[Finding]:
    known = [tool.name for tool in plan.tools]
    for position, name in enumerate(backend.tools):
        path = ("backend", "tools", position)
        if name not in known:
            text = f'there is no tool "{name}"{near_miss(name, known)}; known: {listed(known)}'
            yield document.finding(path, text)
        elif name in backend.tools[:position]:
            yield document.finding(path, f'names the tool "{name}" twice')


def _fillers(backend: Backend, document: Document) -> Iterator[Finding]:
    given = backend.model_fields_set
    if backend.filler_tone and "filler" in given and backend.filler:
        text = "means nothing while filler_tone is true"
        yield document.finding(("backend", "filler"), text, Severity.WARNING)
    if "filler_every_s" in given and not backend.filler_tone and not backend.filler:
        text = 'means nothing while filler is ""'
        yield document.finding(("backend", "filler_every_s"), text, Severity.WARNING)


def read_key(plan_file: Path, key_file: str) -> str | Finding:
    """Return the key that a file holds, or what is wrong with the file; never shows the key.

    Args:
        plan_file: Relative paths start beside it.
        key_file: Of the plan.
    """
    path = plan_file.parent / key_file
    source = read_source(path)
    if isinstance(source, Finding):
        return source
    key = source.decode("utf-8", "replace").strip()
    if not key.isascii() or not key.isprintable() or len(key.split()) != 1:
        return Finding(path, 0, "", "must hold the key, on one line, and nothing else")
    return key
