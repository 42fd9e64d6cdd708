"""Checks that no agent can transfer a caller to an emergency number. Pure.

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
    """Return an error for each target of ``[transfer]`` that is an emergency number.

    Args:
        plans: With the files they are from.
        is_emergency: Tells whether a URI is one.
    """
    for plan, document in plans:
        if plan.transfer is None or plan.match.emergency:
            continue
        for name, target in plan.transfer.targets.items():
            if is_emergency(target.uri):
                text = "is an emergency number: that needs match.emergency = true"
                yield document.finding(("transfer", "targets", name), text)
