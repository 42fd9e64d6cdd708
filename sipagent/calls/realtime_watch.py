"""Which messages of the realtime session a call tells of: all but parts of what comes whole.

Audio and deltas are most of what travels, and say nothing that is not told otherwise. Only the
beginning of a message is looked at, where our side and every endpoint put its type. Pure.
"""

from __future__ import annotations

import re
from typing import Literal

from . import facts

LOOKED_AT_CHARS = 1_000

_TYPE = re.compile(r'"type"\s*:\s*"([A-Za-z0-9_.]{1,80})"')
_ID = re.compile(r'"(?:item_id|response_id|call_id|id)"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
_UNTOLD = ("input_audio_buffer.append", "rate_limits.updated")


def realtime_message(
    direction: Literal["in", "out"], message: str | bytes
) -> facts.RealtimeMessage | None:
    """Return what is told of a message; None: nothing."""
    text = message[:LOOKED_AT_CHARS]
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    found = _TYPE.search(text)
    if found is None or found[1].endswith(".delta") or found[1] in _UNTOLD:
        return None
    about = _ID.search(text)
    return facts.RealtimeMessage(direction, found[1], about[1] if about else "")
