"""How many sessions there may be at once. Pure."""

from __future__ import annotations


class Places:
    """Count those that are taken.

    Args:
        most: Of them.
    """

    def __init__(self, most: int) -> None:
        self._free = most

    def take(self) -> bool:
        """Take one; tell whether there was one."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def give_back(self) -> None:
        """Note that one is free again."""
        self._free += 1
