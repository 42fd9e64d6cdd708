"""What of ``[line]`` cannot work with the rest of its plan."""

from __future__ import annotations

from collections.abc import Iterator

from .documents import Document
from .findings import Finding, Severity
from .models import Dialplan


def check_line(plan: Dialplan, document: Document) -> Iterator[Finding]:
    """Yield everything that is wrong with what is heard before the answer."""
    line, path = plan.line, ("line", "early_media")
    if line.early_media == "none" and line.answer_after_s is not None:
        text = "means nothing while early_media is none"
        yield document.finding(("line", "answer_after_s"), text, Severity.WARNING)
    if line.early_media != "greeting":
        return
    if not plan.session.greeting:
        yield document.finding(
            path, "needs session.greeting, which says what the agent greets with"
        )
    if plan.recording.enabled and plan.recording.consent == "announce":
        text = "cannot come before the announcement of recording.consent; use a file instead"
        yield document.finding(path, text)
