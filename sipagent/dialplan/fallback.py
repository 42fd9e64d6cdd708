"""``[fallback]`` of a dialplan: what becomes of callers when there is no agent for them.

What each key alone must be is in the model; what the plan around it must be is in
:func:`check_fallback`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from .documents import Document
from .findings import Finding, Severity
from .model import Model, ToolName
from .validation import listed, near_miss

if TYPE_CHECKING:
    from .models import Dialplan

KINDS = ("not_ready", "lost", "error")


class Fallback(Model):
    """``[fallback]``, by what went wrong."""

    not_ready: Literal["apology", "transfer", "refuse"] = "apology"
    """The session is not there in time, or the endpoint refuses it: before the answer."""
    lost: Literal["apology", "transfer", "hang_up"] = "apology"
    """The session is lost during the call, and no other can be had."""
    error: Literal["apology", "transfer", "hang_up"] = "apology"
    """The endpoint ends the session with an error."""
    target: ToolName | None = None
    """Of ``transfer.targets``, a blind one: where callers are transferred to."""
    status: Annotated[int, Field(ge=400, le=699)] = 503
    """Of calls that are refused (RFC 3261 section 21)."""

    @property
    def transfers(self) -> bool:
        """Tell whether any kind of failure leads to a transfer."""
        return "transfer" in {getattr(self, kind) for kind in KINDS}


def check_fallback(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[fallback]``."""
    fallback = plan.fallback
    if "status" in fallback.model_fields_set and fallback.not_ready != "refuse":
        text = 'means nothing unless not_ready is "refuse"'
        yield document.finding(("fallback", "status"), text, Severity.WARNING)
    path = ("fallback", "target")
    if fallback.target is None:
        if fallback.transfers:
            yield document.finding(path, "is missing: where are callers transferred to?")
        return
    if not fallback.transfers:
        yield document.finding(path, 'means nothing without "transfer"', Severity.WARNING)
    targets = plan.transfer.targets if plan.transfer is not None else {}
    target = targets.get(fallback.target)
    if target is None:
        close = near_miss(fallback.target, targets)
        text = f'"{fallback.target}" is none of transfer.targets{close}; they are: '
        yield document.finding(path, text + listed(targets))
    elif target.mode != "blind":
        text = f'"{fallback.target}" is attended: nobody is left who could brief it'
        yield document.finding(path, text)
