"""Reads one TOML file, whatever is in it.

Every way in which a file can be unreadable becomes a :class:`Finding`: an operator who saves
half a file, or the wrong one, reads a sentence and no traceback.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .findings import Finding, Severity
from .reading import place_of
from .toml_lines import KeyPath, key_lines, key_text, nearest

MAX_BYTES = 256 * 1024
"""Far above any dialplan written by hand; keeps hostile files from costing more than a moment."""

MAX_DEPTH = 16
"""Of tables and arrays; no file of ours needs more than five."""

_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key is written."""

    file: Path
    path: KeyPath
    """There."""
    line: int
    """Of the key, or of the nearest table around it; 0 when none is known."""


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file as it was read, or several that were made one."""

    file: Path
    source: bytes
    data: dict[str, Any]
    lines: Mapping[KeyPath, int]
    borrowed: Mapping[KeyPath, Place] = field(default_factory=dict)
    """Where keys are from that other files have."""
    parts: Mapping[Path, bytes] = field(default_factory=dict)
    """Content of those files."""

    def finding(self, path: KeyPath, text: str, severity: Severity = Severity.ERROR) -> Finding:
        """Return a finding about the key at ``path``."""
        place = self.place_of(path)
        return Finding(place.file, place.line, key_text(place.path), text, severity)

    def place_of(self, path: KeyPath) -> Place:
        """Return where a key is written, or would be if it is not."""
        known = nearest(self.lines, path)
        borrowed = self.borrowed.get(known)
        if borrowed is None:
            return Place(self.file, path, self.lines.get(known, 0))
        return replace(borrowed, path=(*borrowed.path, *path[len(known) :]))

    def is_borrowed(self, path: KeyPath) -> bool:
        """Tell whether the key at ``path`` is written in another file."""
        return self.place_of(path).file != self.file

    def where(self, path: KeyPath, seen_from: KeyPath) -> str:
        """Return in words where a key is, for somebody who looks at another one."""
        place = self.place_of(path)
        if place.file == self.place_of(seen_from).file:
            return f"on line {place.line}"
        return f"at {place.file}:{place.line}"


def read_document(file: Path) -> Document | Finding:
    """Return the content of ``file``, or why there is none."""
    source = read_source(file)
    if isinstance(source, Finding):
        return source
    try:
        text = source.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        return Finding(file, line, "", "is not UTF-8 text, as TOML must be")
    try:
        data = tomllib.loads(text)
    except RecursionError:
        return Finding(file, 0, "", f"is nested deeper than the {MAX_DEPTH} levels allowed")
    except ValueError as error:  # TOMLDecodeError, and int() refusing thousands of digits
        return _syntax_finding(file, text, str(error))
    problem = first_oddity(data)
    if problem is not None:
        path, why = problem
        return Finding(file, 0, key_text(path[:MAX_DEPTH]), why)
    return Document(file, source, data, key_lines(text))


def read_source(file: Path) -> bytes | Finding:
    """Return the bytes of ``file``, or why it cannot be read."""
    try:
        place = place_of(file)
        if not place.is_file():
            why = "is not a file" if place.exists() else "does not exist"
            return Finding(file, 0, "", why)
        with place.open("rb") as opened:
            source = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        return Finding(file, 0, "", f"cannot be read: {why}")
    if len(source) > MAX_BYTES:
        return Finding(file, 0, "", f"is larger than the {MAX_BYTES // 1024} KiB allowed")
    return source


def _syntax_finding(file: Path, text: str, message: str) -> Finding:
    position = _POSITION.search(message)
    line, column = 0, ""
    if position is not None:
        line = int(position[1]) if position[1] else text.count("\n") + 1
        column = f" (column {position[2]})" if position[2] else " (at the end of the file)"
        message = message[: position.start()]
    elif "digits" in message:
        message = "a number has too many digits"
    return Finding(file, line, "", f"is not valid TOML: {message}{column}")


def first_oddity(data: dict[str, Any]) -> tuple[KeyPath, str] | None:
    """Return what TOML allows and no file of ours does: depth, dates. Never recurses."""
    waiting: list[tuple[KeyPath, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > MAX_DEPTH:
            return path, f"is nested deeper than the {MAX_DEPTH} levels allowed"
        match value:
            case dict():
                waiting += [((*path, key), each) for key, each in value.items()]
            case list():
                waiting += [((*path, index), each) for index, each in enumerate(value)]
            case datetime.date() | datetime.time():
                return path, "is a date or time, which no key takes; put quotes around text"
            case _:
                pass
    return None
