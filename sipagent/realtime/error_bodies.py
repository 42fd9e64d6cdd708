"""What an error answer says of itself, fit for one line of a log.

The far end may repeat what it was sent, so whatever lets us in is blotted out first. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

MOST_QUOTED_CHARS = 300

BLOT = "***"


def quoted_error(body: bytes, secrets: Iterable[str]) -> str:
    """Return message and code of ``{"error": {"message", "code"}}`` on one line; else nothing.

    Args:
        body: Of the answer, maybe cut.
        secrets: Must not be in what is returned, nor a part of one where the line is cut.
    """
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return ""
    message, code = error.get("message"), error.get("code")
    text = message if isinstance(message, str) else ""
    if isinstance(code, str) and code:
        text = f"{text} ({code})" if text else code
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, BLOT)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) <= MOST_QUOTED_CHARS:
        return line
    return f"{line[: MOST_QUOTED_CHARS - 1]}…"
