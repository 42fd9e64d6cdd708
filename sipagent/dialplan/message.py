"""``[message]`` of a dialplan: where messages go that agents take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from .documents import Document
from .findings import Finding, Severity
from .http_call import Headers
from .mcp import server_url
from .model import Model, Text

if TYPE_CHECKING:
    from .models import Dialplan

MESSAGE_TOOL = "take_message"
MESSAGE_TOOLS = (MESSAGE_TOOL, "note")


class Message(Model):
    """``[message]``: the record has them in any case."""

    url: Annotated[str, AfterValidator(server_url)] | None = None
    """Each is POSTed to as JSON."""
    headers: Headers = Field(default_factory=dict)
    """Of the request; values may name secrets."""
    file: Text | None = None
    """Each becomes a line of JSON; beside the plan, or by its whole path."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.url is None and self.file is None:
            raise ValueError("needs url or file")
        if self.url is None and self.headers:
            raise ValueError("headers mean nothing without url")
        return self


def check_message(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[message]``."""
    if plan.message is None:
        return
    is_taken = any(MESSAGE_TOOL in agent.tools for agent in plan.agents)
    if not is_taken and not document.is_borrowed(("message",)):
        yield document.finding(("message",), f'no agent has "{MESSAGE_TOOL}"', Severity.WARNING)
    file = plan.message.file
    if file is not None:
        folder = (document.file.parent / file).parent
        if not folder.is_dir():
            yield document.finding(("message", "file"), f"there is no folder {folder}")
