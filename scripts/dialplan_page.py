"""Rewrites the tables of ``docs/dialplan.md``: ``python -m scripts.dialplan_page``.

A table below ``<!-- keys of Limits -->`` has a row for each key of that model. Keys and defaults
are the model's. What a key means is written by hand and stays; of a key that is new there, it is
what stands below the field. A default that is no plain value is left as it is written, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pydantic_core
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.ranks import ANY
from sipagent.dialplan.schema import docstrings, models_in

PAGE = Path("docs/dialplan.md")

MODELS = {model.__name__: model for model in models_in(Dialplan)}

_TABLE = re.compile(r"(<!-- keys of (\w+) -->\n\|[^\n]*\|\n\|[-|]*\|\n)((?:\|[^\n]*\n)*)")
_ROW = re.compile(r"\| `(\w+)` \| ?(.*?) ?\| (.*) \|")


def rewritten(page: str) -> str:
    """Return ``page`` with its tables as the models are.

    Raises:
        KeyError: If a mark names no model of a dialplan.
    """
    return _TABLE.sub(lambda found: found[1] + _table(MODELS[found[2]], found[3]), page)


def marked(page: str) -> set[str]:
    """Return the names of the models whose tables are on ``page``."""
    return {found[2] for found in _TABLE.finditer(page)}


def _table(model: type[BaseModel], rows: str) -> str:
    return "".join(f"{row}\n" for row in _rows(model, rows))


def _rows(model: type[BaseModel], rows: str) -> Iterator[str]:
    written = {key: (default, meaning) for key, default, meaning in _ROW.findall(rows)}
    kept = [key for key in written if key in model.model_fields]
    for key in kept + [key for key in model.model_fields if key not in written]:
        default, meaning = written.get(key, (None, docstrings(model).get(key, "")))
        cell = _default(model.model_fields[key], default)
        yield f"| `{key}` | {cell} | {meaning} |" if cell else f"| `{key}` | | {meaning} |"


def _default(field: FieldInfo, written: str | None) -> str:
    """Return what stands in the second column; ``written`` is what does, None: nothing yet."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    match value:
        case "" if written and "`" not in written:
            return written  # such as "the name", which says more
        case str() | bool() | int() | float():
            return f"`{pydantic_core.to_json(value).decode()}`"
        case tuple() if value == ANY:
            return '`"*"`'
        case ():
            return "`[]`" if written is None else written
        case dict():
            return "`{}`" if written is None else written
        case _:
            return written or ""


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
