"""Words of a plan that are different in every call: ``{{name}}`` in instructions. Pure.

What the other side of a call wrote is quoted: it must not become an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sipagent.agents.quoting import one_line

_VARIABLE = re.compile(
    r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63}|header:[A-Za-z0-9.!%*_+`'~-]{1,64})\s*\}\}"
)

MOST_CHARS = 120
"""Of a value that the other side wrote: longer than any number or name."""

UNKNOWN = "unknown"
"""Stands for what the other side did not say; never in quotes, so that nobody can be called so."""

_HARMLESS = str.maketrans({"{": "(", "}": ")", "<": "(", ">": ")", '"': "'", "\\": "/", "`": "'"})
"""Nothing that ends a quotation, opens a tag, or is read as a variable."""


CALL_VARIABLES = (
    *("caller", "caller_name", "called", "asserted_caller", "diverted_from", "trunk"),
    *("date", "time", "plan", "agent"),
)
"""What every call has, headers aside."""


def has_variables(text: str) -> bool:
    """Tell whether ``text`` names any."""
    return _VARIABLE.search(text) is not None


def variable_names(text: str) -> list[str]:
    """Return the names of the variables in ``text``, headers aside."""
    return [name for name in _VARIABLE.findall(text) if not name.startswith("header:")]


def filled(text: str, variables: Mapping[str, str]) -> str:
    """Return ``text`` with the value of each variable, or nothing, in its place.

    Args:
        text: Of the plan.
        variables: By name; ``header:`` and the name of a header in small letters.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("header:"):
            return variables.get(name.lower(), UNKNOWN)
        return variables.get(name, "")

    return _VARIABLE.sub(value, text)


def quoted(value: str) -> str:
    """Return what the other side wrote, on one line, in quotes, and cut short."""
    line = one_line(value).translate(_HARMLESS)
    if not line:
        return UNKNOWN
    return f'"{line}"' if len(line) <= MOST_CHARS else f'"{line[:MOST_CHARS]}..."'
