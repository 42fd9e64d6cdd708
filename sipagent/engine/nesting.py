"""How deep what a client sends may be nested. Pure.

It is kept, copied and sent back, and none of that goes as deep as reading does.
"""

from __future__ import annotations

from typing import Any

MOST_LEVELS = 64


def is_too_deep(value: Any, levels: int = MOST_LEVELS) -> bool:
    """Tell whether ``value`` has more than ``levels`` objects and lists inside each other."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_too_deep(each, levels - 1) for each in inner)
