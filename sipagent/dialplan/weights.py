"""``match.weight``: plans that match a call equally well share such calls out. Pure.

The share that a call falls into depends on nothing but its id, so that it can be told again later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

WHOLE = 100.0


def draw(call_id: str, purpose: str = "") -> float:
    """Return the number from 0 to below 1 that a call has for ``purpose``, whoever asks."""
    digest = hashlib.sha256(f"{purpose}{call_id}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


def drawn(call_id: str) -> float:
    """Return the number from 0 to below 100 that a call has drawn."""
    return draw(call_id) * WHOLE


def chosen(weights: Sequence[float | None], call_id: str) -> int:
    """Return the index of the plan that a call falls to.

    Args:
        weights: In percent, of plans that match equally well, in the order of their names. What
            they leave of a hundred falls to the first that has none; if all have one, they count
            in proportion.
        call_id: Ours.
    """
    total = sum(weight or 0.0 for weight in weights)
    rest = weights.index(None) if None in weights else None
    whole = total if rest is None or total > WHOLE else WHOLE
    if not total:
        return rest or 0
    point, upto = drawn(call_id) / WHOLE * whole, 0.0
    for index, weight in enumerate(weights):
        upto += weight or 0.0
        if point < upto:
            return index
    return rest or 0
