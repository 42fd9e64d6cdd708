"""Checks that no plan sends a caller to an emergency number. Pure.

A plan that takes emergency calls may pass them on: only there does somebody expect it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .documents import Document
from .findings import Finding
from .models import Dialplan


def check_emergency_targets(
    plans: Iterable[tuple[Dialplan, Document]], is_emergency: Callable[[str], bool]
) -> Iterator[Finding]:
    """Return an error for each target of ``[transfer]`` or ``[refer]`` that is such a number.

    Args:
        plans: With the files they are from.
        is_emergency: Tells whether a URI is one.
    """
    for plan, document in plans:
        if plan.match.emergency:
            continue
        for path, uri in _targets(plan):
            if is_emergency(uri):
                text = "is an emergency number: that needs match.emergency = true"
                yield document.finding(path, text)


def _targets(plan: Dialplan) -> Iterator[tuple[tuple[str, ...], str]]:
    if plan.refer is not None:
        yield ("refer", "target_uri"), plan.refer.target_uri
    if plan.transfer is not None:
        for name, target in plan.transfer.targets.items():
            yield ("transfer", "targets", name), target.uri
