"""Rewrites what follows from the models: ``python -m scripts.pages``.

The tables of ``docs/dialplan.md`` and ``docs/configuration.md``, and ``sipagent.sample.toml``
(:mod:`scripts.sample`). A table below ``<!-- keys of Limits -->`` has a row for each key of that
model, in its order; with several names, separated by commas, those of one after the other, with
names before the keys. Keys and defaults are the models'. What a key means is written by hand and
stays; of a key that is new there, it is what stands below the field. A default that is no plain
value is left as it is written, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from scripts import sample
from sipagent.config import Config
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.ranks import ANY
from sipagent.dialplan.schema import docstrings, models_in

_MARK = "<!-- keys of ([^>]+) -->"
_TABLE = re.compile(rf"({_MARK}\n\|[^\n]*\|\n\|[-|]*\|\n)((?:\|[^\n]*\n)*)")
_ROW = re.compile(r"\| `([\w.]+)` \| ?(.*?) ?\| (.*) \|")
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the models that tables on it are of, by their names there."""

    file: Path
    models: Mapping[str, type[BaseModel]]

    def rewritten(self, text: str) -> str:
        """Return ``text`` with its tables as the models are.

        Raises:
            KeyError: If a mark names no model of this page.
        """
        return _TABLE.sub(lambda found: found[1] + self._table(found[2], found[3]), text)

    def marked(self, text: str) -> set[str]:
        """Return the names of the models whose tables are in ``text``."""
        return {name for found in _TABLE.finditer(text) for name in found[2].split(", ")}

    def _table(self, mark: str, rows: str) -> str:
        written = {key: (default, meaning) for key, default, meaning in _ROW.findall(rows)}
        names = mark.split(", ")
        return "".join(
            f"{row}\n"
            for name in names
            for row in _rows(self.models[name], f"{name}." if len(names) > 1 else "", written)
        )


def _rows(
    model: type[BaseModel], prefix: str, written: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        default, meaning = written.get(key, (None, docstrings(model).get(name, "")))
        cell = _default(field, default)
        yield f"| `{key}` | {cell} | {meaning} |" if cell else f"| `{key}` | | {meaning} |"


def _default(field: FieldInfo, written: str | None) -> str:
    """Return what stands in the second column; ``written`` is what does, None: nothing yet."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    match value:
        case "" if written and not _CODE.fullmatch(written):
            return written  # such as "the name", which says more
        case tuple() | dict() if written is not None and not _CODE.fullmatch(written):
            return written
        case tuple() if value == ANY:
            return '`"*"`'
        case str() | bool() | int() | float() | tuple() | dict() | Path() | SecretStr():
            return f"`{sample.in_toml(value)}`"
        case _:
            return written or ""


DIALPLAN = Page(Path("docs/dialplan.md"), {each.__name__: each for each in models_in(Dialplan)})
CONFIGURATION = Page(Path("docs/configuration.md"), dict(sample.tables(Config, of_arrays=True)))


if __name__ == "__main__":
    for page in (DIALPLAN, CONFIGURATION):
        page.file.write_text(page.rewritten(page.file.read_text("utf-8")), "utf-8")
    sample.FILE.write_text(sample.rewritten(sample.FILE.read_text("utf-8")), "utf-8")
