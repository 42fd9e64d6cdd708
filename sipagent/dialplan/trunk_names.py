"""Checks that the trunks plans name are there. Pure.

Only where the configuration is known: a folder of plans alone does not say what trunks there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from .documents import Document
from .findings import Finding
from .models import Dialplan
from .toml_lines import KeyPath
from .validation import listed, near_miss


def check_trunks(
    plans: Iterable[tuple[Dialplan, Document]], known: Collection[str]
) -> Iterator[Finding]:
    """Return an error for each trunk that is named and not configured.

    Args:
        plans: With the files they are from.
        known: Names of ``[[sip.trunks]]``.
    """
    for plan, document in plans:
        for path, name in _named(plan):
            if name not in known:
                close = near_miss(name, known)
                text = f'there is no trunk "{name}"{close}; known: {listed(sorted(known))}'
                yield document.finding(path, text)


def _named(plan: Dialplan) -> Iterator[tuple[KeyPath, str]]:
    for index, name in enumerate(plan.match.trunk):
        single: KeyPath = ("match", "trunk")
        yield (*single, index) if len(plan.match.trunk) > 1 else single, name
    if plan.transfer is not None:
        for target, settings in plan.transfer.targets.items():
            if settings.trunk is not None:
                yield ("transfer", "targets", target, "trunk"), settings.trunk
