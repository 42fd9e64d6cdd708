"""Reads Google style docstrings: what a function does, and what its parameters mean."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_PARAMETERS = re.compile(r"(Args|Arguments|Parameters):\s*$")
_PARAMETER = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """The parts a model is told."""

    description: str = ""
    """The first paragraph, on one line."""
    parameters: dict[str, str] = field(default_factory=dict)


def docstring(function: Callable[..., Any]) -> Docstring:
    """Return what the docstring of ``function`` says; sections but ``Args`` are left out."""
    lines = inspect.cleandoc(function.__doc__ or "").splitlines()
    end = next((index for index, line in enumerate(lines) if not line.strip()), len(lines))
    return Docstring(_joined(lines[:end]), _parameters(lines))


def _parameters(lines: list[str]) -> dict[str, str]:
    start = next((index for index, line in enumerate(lines) if _PARAMETERS.match(line)), None)
    if start is None:
        return {}
    found: dict[str, list[str]] = {}
    current: list[str] = []
    first_indent: int | None = None
    for line in lines[start + 1 :]:
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            continue
        if indent == 0:
            break
        first_indent = first_indent or indent
        match = _PARAMETER.match(line.strip()) if indent <= first_indent else None
        if match:
            current = found.setdefault(match[1], [])
        current.append(match[2] if match else line)
    return {name: text for name, text in ((n, _joined(t)) for n, t in found.items()) if text}


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
