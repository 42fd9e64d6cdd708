"""The timeline: every fact of every call as a JSON line, written as it happens."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from sipagent.calls import facts

from .json_lines import append_line


class TimelineWriter:
    """Append each fact to ``path``: call id, monotonic seconds, name of the fact, its fields."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def tell(self, call_id: str, fact: facts.Fact, *, at: float) -> None:
        """Write ``fact``."""
        line = {"call_id": call_id, "at": round(at, 4), "fact": type(fact).__name__, **asdict(fact)}
        append_line(self._path, line)
