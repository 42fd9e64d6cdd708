"""The appliance's timeline, read while it is written and printed as people read it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sipagent.ops.transcript import transcript_line

LOOK_AGAIN_S = 0.05


@dataclass(slots=True)
class Timeline:
    """What the appliance tells, read as it is written."""

    path: Path
    entries: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0

    def refresh(self) -> None:
        """Read what is new, and print what people read."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self.entries.append(json.loads(line))
                text = transcript_line(self.entries[-1], self.entries[0]["at"])
                if text is not None:
                    sys.stdout.write(f"  {text}\n")

    def all(self, fact: str) -> list[dict[str, Any]]:
        """Return the entries of one kind."""
        return [entry for entry in self.entries if entry["fact"] == fact]

    async def until(self, predicate: Callable[[], bool], limit_s: float) -> bool:
        """Read until ``predicate`` holds; return whether it did in time."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    self.refresh()
                    if predicate():
                        return True
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            return False

    def transcript(self) -> str:
        """Return what people read, a line each."""
        lines = [transcript_line(entry, self.entries[0]["at"]) for entry in self.entries]
        return "".join(f"{line}\n" for line in lines if line is not None)
