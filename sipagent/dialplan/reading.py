"""Where the files of plans are read from: the folder itself, or a copy of it.

A folder may be edited while it is read, so a set of plans is read from a copy that nobody edits.
Files keep the names that they have in the folder, in findings and tracebacks too. What no copy
holds, such as keys and secrets and whatever lies elsewhere, is read where it is, and noted, so that
its edits can be followed as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

COPIED = frozenset({".toml", ".py", ".wav"})
"""Suffixes of the files that copies hold."""


@dataclass(slots=True)
class Reading:
    """A folder that is read from its copy."""

    folder: Path
    copy: Path
    others: set[Path] = field(default_factory=set)
    """Files that were asked for and that no copy holds."""


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading_copy(folder: Path, copy: Path) -> Iterator[Reading]:
    """Read ``folder`` from ``copy`` until the end of the block, in this task and its threads."""
    reading = Reading(folder, copy)
    token = _reading.set(reading)
    try:
        yield reading
    finally:
        _reading.reset(token)


def place_of(file: Path) -> Path:
    """Return where the content of ``file`` is."""
    reading = _reading.get()
    if reading is None:
        return file
    if file.is_relative_to(reading.folder):
        name = file.relative_to(reading.folder)
        if not name.parts or (is_copied(name) and ".." not in name.parts):
            return reading.copy / name
    reading.others.add(file)
    return file


def is_copied(name: Path) -> bool:
    """Tell whether copies hold a file, by its name."""
    return name.suffix.lower() in COPIED


def files_in(folder: Path, suffix: str) -> list[Path]:
    """Return the files of ``folder`` whose names end in ``suffix``, in order, hidden ones not."""
    found = sorted(place_of(folder).glob(f"*{suffix}"))
    return [folder / file.name for file in found if not file.name.startswith(".")]
