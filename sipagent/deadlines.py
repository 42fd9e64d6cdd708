"""Of several things with deadlines of their own: when the first is due. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def earliest(deadlines: Iterable[float | None]) -> float | None:
    """Return the first of ``deadlines``, None if nothing is due; None among them is never."""
    return min((at for at in deadlines if at is not None), default=None)
