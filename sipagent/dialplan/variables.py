"""Words of a plan that are different in every call: ``{{name}}`` in instructions. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")


def has_variables(text: str) -> bool:
    """Tell whether ``text`` names any."""
    return _VARIABLE.search(text) is not None


def filled(text: str, variables: Mapping[str, str]) -> str:
    """Return ``text`` with the value of each variable, or nothing, in its place."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], ""), text)
