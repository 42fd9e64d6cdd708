"""Where the messages of a plan go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sipagent.dialplan.plans import Plan


@dataclass(frozen=True, slots=True)
class MessageSetup:
    """Where messages go, beside the record."""

    url: str = field(default="", repr=False)
    """POSTed to as JSON; ``""``: nowhere."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    file: Path | None = None
    """Of JSON lines; None: none."""


def message_setup(plan: Plan) -> MessageSetup | None:
    """Return where messages go that agents of ``plan`` take, None: on record alone."""
    table = plan.dialplan.message
    if table is None:
        return None
    headers = [(name, plan.secrets.filled(each)) for name, each in table.headers.items()]
    file = None if table.file is None else plan.beside(table.file)
    return MessageSetup(table.url or "", tuple(headers), file)
