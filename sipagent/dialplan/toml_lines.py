"""Line numbers of keys in a TOML document, which ``tomllib`` does not tell.

Reads text that ``tomllib`` has accepted, and so need not look for mistakes: it follows strings,
comments and brackets just far enough to know on which line each key, table and array element
begins (TOML 1.0.0). Pure.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""``("agents", 0, "name")``: keys of tables, indices of arrays."""

MAX_SHOWN_CHARS = 60
"""Of a key, in messages."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KEY_GAP = re.compile(r"[ \t]*\.?[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, on which each key path of ``text`` begins.

    Args:
        text: A document that ``tomllib.loads`` accepts.
    """
    return _Scanner(text).scan()


def nearest(lines: Mapping[KeyPath, int], path: KeyPath) -> KeyPath:
    """Return ``path``, or that of the nearest table around it whose line is known."""
    while path and path not in lines:
        path = path[:-1]
    return path


def key_text(path: KeyPath) -> str:
    """Return ``agents[0].name`` for ``("agents", 0, "name")``; always one short line."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_key_part(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def _key_part(key: str) -> str:
    short = key if len(key) <= MAX_SHOWN_CHARS else f"{key[:MAX_SHOWN_CHARS]}..."
    return short if _BARE_KEY.fullmatch(key) else json.dumps(short, ensure_ascii=False)


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line, self._line_at = 1, 0
        self._lines: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}
        """Of arrays of tables, so far."""

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_blank():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._key_and_value(table)
        return self._lines

    def _skip_blank(self) -> bool:
        self._take(_BLANK)
        return self._at < len(self._text)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, "text that tomllib accepts"
        self._at = found.end()
        return found[0]

    def _here(self) -> int:
        """Return the current line; only ever moves forward."""
        self._line += self._text.count("\n", self._line_at, self._at)
        self._line_at = self._at
        return self._line

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _header(self) -> KeyPath:
        line = self._here()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        *parents, last = self._dotted_key()
        self._at += 2 if is_array else 1
        path = (*self._inside(tuple(parents)), last)
        if is_array:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path = (*path, index)
        self._note(path, line)
        self._lines[path] = line
        return path

    def _inside(self, path: KeyPath) -> KeyPath:
        """Return ``path`` with the index of the last table of each array of tables on the way."""
        resolved: KeyPath = ()
        for part in path:
            resolved = (*resolved, part)
            if resolved in self._lengths:
                resolved = (*resolved, self._lengths[resolved] - 1)
        return resolved

    def _dotted_key(self) -> Iterator[str]:
        self._take(_KEY_GAP)
        while (found := _KEY.match(self._text, self._at)) is not None:
            self._at = found.end()
            quoted = found[0][0] in "\"'"
            yield next(iter(tomllib.loads(f"{found[0]} = 0"))) if quoted else found[0]
            self._take(_KEY_GAP)

    def _key_and_value(self, table: KeyPath) -> None:
        line = self._here()
        path = (*table, *self._dotted_key())
        self._note(path, line)
        self._at += 1  # the equals sign
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip_blank()
        match self._text[self._at]:
            case '"' | "'":
                self._take(_STRING)
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._skip_blank() and self._text[self._at] != "]":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._note((*path, index), self._here())
            self._value((*path, index))
            index += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip_blank() and self._text[self._at] != "}":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._key_and_value(path)
        self._at += 1
