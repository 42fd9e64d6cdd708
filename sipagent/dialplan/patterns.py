"""Regular expressions of plans: RE2, whose matching takes time that grows with the text alone.

Callers choose what they say, and a plan's expression is matched while they wait: one that takes
exponential time would stop every call of the process. RE2 (https://github.com/google/re2/wiki/Syntax)
has therefore no back-references and no look-around, and says so.
"""

from __future__ import annotations

import functools
from typing import Any

import re2

MAX_CHARS = 1_000


@functools.lru_cache(maxsize=512)
def compiled(pattern: str, *, ignores_case: bool = False) -> Any:
    """Return the expression; it has ``search`` and ``fullmatch``, as those of ``re`` do.

    Raises:
        ValueError: If it is none; says why.
    """
    if not pattern or len(pattern) > MAX_CHARS:
        raise ValueError(f"must be a regular expression of 1 to {MAX_CHARS} characters")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignores_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(f"is no regular expression: {_why(error)}") from None


def _why(error: Exception) -> str:
    why = error.args[0] if error.args else ""
    text = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
    is_look = "(?" in text or "escape" in text
    return f"{text} (RE2 has no look-around and no back-references)" if is_look else text
