"""What the file of a recording is called. Pure.

The plan's template was checked when it was loaded: it climbs nowhere. What callers write goes in
only letter by letter, so that no name of theirs is a folder, a hidden file or a file of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_CHARS = 64
"""Of one field: longer than any number, and far below what a file system takes."""

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_+-]+")


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What a name may say of a call."""

    call_id: str
    plan: str
    called: str
    caller: str
    began_at: float
    """Unix seconds."""


def recording_name(template: str, call: RecordedCall) -> str:
    """Return the path of a recording, relative to the folder of recordings; UTC."""
    began = datetime.fromtimestamp(call.began_at, UTC)
    fields = {
        "date": f"{began:%Y-%m-%d}",
        "time": f"{began:%H%M%S}",
        "call_id": call.call_id,
        "plan": call.plan,
        "called": call.called,
        "caller": call.caller,
    }
    return re.sub(r"\{(\w+)\}", lambda field: _plain(fields[field[1]]), template)


def _plain(value: str) -> str:
    return _NOT_PLAIN.sub("_", value)[:MOST_CHARS] or "unknown"
