"""How one plan ranks against another that matches the same call. Pure."""

from __future__ import annotations

from typing import NamedTuple

from .conditions import Conditions
from .globs import Specificity, specificity
from .sources import narrowness

ANY = ("*",)
"""What a condition is that was not given."""


class Rank(NamedTuple):
    """The greater is asked first; fields in the order in which they count."""

    is_regular: bool
    """Whether it is no default."""
    priority: int
    called: Specificity
    caller: Specificity
    trunk: bool
    """Whether it names any."""
    source: int
    """How narrow its narrowest network is."""
    others: int
    """How many conditions it has beside these."""
    globs: tuple[Specificity, ...]
    """Of those."""


def rank_of(conditions: Conditions, called: str, caller: str) -> Rank:
    """Return the rank of a plan for calls that its globs ``called`` and ``caller`` match."""
    globs = sorted(map(specificity, _other_globs(conditions)), reverse=True)
    return Rank(
        not conditions.default,
        conditions.priority,
        specificity(called),
        specificity(caller),
        bool(conditions.trunk),
        narrowness(conditions.source),
        len(globs) + (conditions.hours is not None),
        tuple(globs),
    )


def _other_globs(conditions: Conditions) -> list[str]:
    """Return the globs on what few calls have: headers, and who stands behind the caller."""
    behind = (conditions.asserted_caller, conditions.diverted_from)
    given = [*conditions.header.values(), *(each for each in behind if each != ANY)]
    return [max(each, key=specificity) for each in given]
