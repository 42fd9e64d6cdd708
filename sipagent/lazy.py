"""Packages whose public names are imported when somebody asks for them (PEP 562).

Whoever wants one thing of a package need not wait for, or have installed, what the others need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: dict[str, Any], names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: Its ``globals()``; gets each name once it was asked for.
        names: What is public, separated by blanks, by the module it is made in.
    """
    homes = {name: module for module, made in names.items() for name in made.split()}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        value = package[name] = getattr(import_module(homes[name]), name)
        return value

    def list_names() -> list[str]:
        return sorted({*package, *homes})

    return get, list_names
