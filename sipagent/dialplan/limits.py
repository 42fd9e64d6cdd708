"""``[limits]`` of a dialplan: how long a call may last, and what becomes of silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from .documents import Document
from .findings import Finding, Severity
from .model import Model, Text

if TYPE_CHECKING:
    from .models import Dialplan


class Limits(Model):
    """When a call is ended though nobody hung up. Words are instructions for the agent."""

    max_duration_s: Annotated[float, Field(gt=0, le=86_400)] = 3_600.0
    """Of the conversation; after it the call is ended."""
    warn_before_s: Annotated[float, Field(ge=0, le=3_600)] = 0.0
    """How long before that the caller is told; 0: never."""
    warning: Text = "Tell the caller that this call will end soon."
    """What the agent then says."""
    silence_s: Annotated[float, Field(ge=0, le=3_600)] = 0.0
    """After so long without a word or a key the caller is asked; 0: never."""
    silence_prompt: Text = "Ask whether the caller is still there."
    """How the agent asks."""
    silence_prompts: Annotated[int, Field(ge=0, le=10)] = 2
    """How often it asks before the call is ended."""
    goodbye: str = ""
    """What the agent says before a call is ended for time or silence; ``""``: nothing."""
    rtp_timeout_s: Annotated[float, Field(ge=0, le=3_600)] = 30.0
    """After so long without RTP or RTCP, unless on hold, the call is ended; 0: never."""


def check_limits(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Return what is wrong with ``[limits]``."""
    limits, given = plan.limits, plan.limits.model_fields_set
    if limits.warn_before_s >= limits.max_duration_s:
        text = f"must be less than max_duration_s ({limits.max_duration_s:g})"
        yield document.finding(("limits", "warn_before_s"), text)
    idle = [("warning", "warn_before_s")] if not limits.warn_before_s else []
    if not limits.silence_s:
        idle += [("silence_prompt", "silence_s"), ("silence_prompts", "silence_s")]
    elif not limits.silence_prompts:
        idle += [("silence_prompt", "silence_prompts")]
    for key, cause in idle:
        if key in given:
            text = f"means nothing while {cause} is 0"
            yield document.finding(("limits", key), text, Severity.WARNING)
