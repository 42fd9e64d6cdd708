"""What an endpoint says of an error, fit for one line of a log.

It may repeat what it was sent, so whatever lets us in is blotted out first. Endpoints differ in
where they say it: ``{"error": {"message", "type", "param", "code"}}`` is the rule, but the error
may be a text, or stand on its own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

MOST_QUOTED_CHARS = 300

BLOT = "***"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said; either may be ``""``."""

    message: str
    code: str
    """A word that programs know, such as ``rate_limit_exceeded``."""

    def __str__(self) -> str:
        """Return both, where nobody else tells the code."""
        return f"{self.message} ({self.code})" if self.message and self.code else self.after("")

    def after(self, text: str) -> str:
        """Return ``text`` with what was said."""
        return ": ".join(part for part in (text, self.message or self.code) if part)


def said_in_body(body: bytes, secrets: Iterable[str]) -> Said:
    """Return what an answer says of its error.

    Args:
        body: Of the answer, maybe cut.
        secrets: Must not be in what is returned, nor a part of one where the line is cut.
    """
    try:
        return said_in(orjson.loads(body), secrets)
    except orjson.JSONDecodeError:
        return Said("", "")


def said_in(told: Any, secrets: Iterable[str]) -> Said:
    """Return what an object, such as an ``error`` event, says of its error; see above."""
    error = told.get("error") if isinstance(told, dict) else None
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = told if isinstance(told, dict) else {}
    message, code = error.get("message"), error.get("code")
    kind = error.get("type")
    if not isinstance(code, str) or not code:
        code = kind if isinstance(kind, str) and kind != "error" else ""
    secret = sorted(filter(None, secrets), key=len, reverse=True)
    return Said(_line(message, secret), _line(code, secret))


def one_line(text: str) -> str:
    """Return ``text`` on one line of printable characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _line(text: Any, secrets: Iterable[str]) -> str:
    if not isinstance(text, str):
        return ""
    for secret in secrets:
        text = text.replace(secret, BLOT)
    line = one_line(text)
    if len(line) <= MOST_QUOTED_CHARS:
        return line
    return f"{line[: MOST_QUOTED_CHARS - 1]}…"
