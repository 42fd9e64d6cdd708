"""Rewrites keys and defaults of ``sipagent.sample.toml``; :mod:`scripts.pages` runs it.

Each key is a comment below the head of its table, ``# port = 5060   # what it means``. What it
means stays as it is written; of a new key, it is what stands below the field. Anything else stays,
too: keys in the tables of an array, and prices, which are examples, have more space before them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from pydantic import BaseModel, SecretStr

from sipagent.config import Config
from sipagent.dialplan.schema import docstrings

FILE = Path("sipagent.sample.toml")

_HEAD = re.compile(r"^(?=(?:# )?\[)", re.MULTILINE)
_NAME = re.compile(r"\[([\w.]+)\]")
_KEY = re.compile(r"# (\w+) = (.*?)(\s+# .*)?")
_COLUMN = 36


def rewritten(text: str, model: type[BaseModel] = Config) -> str:
    """Return ``text`` with the tables of ``model`` as they are, less those that are no more."""
    waiting = dict(tables(model))
    parts = []
    for part in _HEAD.split(text):
        name = _NAME.match(part)
        if name is None:
            parts.append(part)
        elif (table := waiting.pop(name[1], None)) is not None:
            parts.append(_table(part.splitlines(), table))
    new = [_table([f"[{name}]", ""], table) for name, table in waiting.items()]
    return "".join([*parts[:-1], *new, *parts[-1:]])  # the last are the prices


def in_toml(value: object) -> str:
    """Return a default as it is written in TOML."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return json.dumps(value, default=str, ensure_ascii=False)


def tables(
    model: type[BaseModel], place: str = "", *, of_arrays: bool = False
) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the tables in a model by the names they have in the file.

    Args:
        of_arrays: Those of which there may be several, too.
    """
    for key, field in model.model_fields.items():
        several = getattr(field.annotation, "__args__", ()) if of_arrays else ()
        for kind in (field.annotation, *several):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield f"{place}{key}", kind
                yield from tables(kind, f"{place}{key}.", of_arrays=of_arrays)


def _table(lines: Sequence[str], model: type[BaseModel]) -> str:
    waiting = dict(_keys(model))
    kept = []
    for line in lines:
        key = _KEY.fullmatch(line)
        if key is None:
            kept.append(line)
        elif (found := waiting.pop(key[1], None)) is not None:
            told = (key[3] or "").strip()
            kept.append(line if key[2] == found[0] else _line(key[1], found[0], told))
    new = [_line(key, value, f"# {meaning}") for key, (value, meaning) in waiting.items()]
    blank = len(list(takewhile(lambda line: not line, reversed(kept))))
    kept[len(kept) - blank : len(kept) - blank] = new
    return "".join(f"{line}\n" for line in kept)


def _keys(model: type[BaseModel]) -> Iterator[tuple[str, tuple[str, str]]]:
    inner = dict(tables(model))
    for name, field in model.model_fields.items():
        if name not in inner:
            value = in_toml(field.get_default(call_default_factory=True))
            yield field.alias or name, (value, docstrings(model).get(name, ""))


def _line(key: str, value: str, told: str) -> str:
    return f"{f'# {key} = {value}':{_COLUMN - 1}} {told}".rstrip()
