"""Values of a label that somebody else may think up: the first few, then one for all others. Pure.

Tools of MCP servers have the names that the servers say, which may be others at each call; every
value of a label costs memory for as long as the box runs, here and in Prometheus.
"""

from __future__ import annotations

OTHER = "other"
MAX_CHARS = 128
"""Of a value: what function names of models may have."""


class FewValues:
    """Values of one label.

    Args:
        most: How many there may be, beside ``other``.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, value: str) -> str:
        """Return ``value`` if it is one of the first, else ``other``."""
        if value in self._known:
            return value
        if len(self._known) >= self._most or len(value) > MAX_CHARS:
            return OTHER
        self._known.add(value)
        return value
