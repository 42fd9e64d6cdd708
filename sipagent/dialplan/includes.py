"""``include``: parts that several plans share. The plan and its parts are read as one document.

Tables become one, key by key: the file that includes wins, then the part that is named first. Of
arrays of tables (agents, tools, ...) the elements of parts come after those of the file itself.
Every key remembers the file that it is from, so that findings name that one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from .documents import Document, read_document
from .findings import Finding
from .model import as_tuple
from .toml_lines import KeyPath
from .validation import trimmed, validate

PART_SUFFIX = ".part.toml"
"""Files that end so are no plans, and may lie beside them."""

MAX_PARTS = 64
"""Of one plan, parts of parts included."""

OF_PLANS = ("name", "refuse", "refer")
"""Keys that parts must not have."""


def _part(text: str) -> str:
    folders = text.split("/")
    if any(each in {"", ".", ".."} or each.startswith(".") for each in folders):
        raise ValueError("must name a file beside this one, or in a folder below")
    if not text.endswith(".toml") or (len(folders) == 1 and not text.endswith(PART_SUFFIX)):
        raise ValueError(f"must be in a folder below, or end in {PART_SUFFIX}: others are plans")
    return text


Includes = Annotated[
    tuple[Annotated[str, AfterValidator(_part)], ...],
    BeforeValidator(as_tuple, json_schema_input_type=str | list[str]),
    Field(max_length=MAX_PARTS),
]
"""Names of parts."""


class _Head(BaseModel):
    """What is looked at before anything else."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    include: Includes = ()


def with_parts(document: Document) -> tuple[Document, list[Finding]]:
    """Return a plan with all its parts in it, and what is wrong with those. Never raises."""
    reader = _Reader()
    return reader.whole(document, (document.file,)), reader.findings


class _Reader:
    """Reads the parts of one plan, each once."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._read: set[Path] = set()

    def whole(self, document: Document, way: tuple[Path, ...]) -> Document:
        """Return ``document`` with its parts; ``way`` leads from the plan to it."""
        head = validate(_Head, document)
        if isinstance(head, list):
            self.findings += head
            return document
        for position, name in enumerate(head.include):
            path = trimmed(("include", position), document.lines)
            file = document.file.parent / name
            if file in way:
                files = " > ".join(each.name for each in (*way[way.index(file) :], file))
                self.findings.append(document.finding(path, f"goes round in circles: {files}"))
            elif file not in self._read:
                if len(self._read) >= MAX_PARTS:
                    text = f"is one part too many; {MAX_PARTS} are allowed"
                    self.findings.append(document.finding(path, text))
                    return document
                self._read.add(file)
                document = self._with(document, path, name, (*way, file))
        return document

    def _with(
        self, document: Document, path: KeyPath, name: str, way: tuple[Path, ...]
    ) -> Document:
        part = read_document(way[-1])
        if isinstance(part, Finding):
            self.findings.append(document.finding(path, f"{name} cannot be included"))
            self.findings.append(part)
            return document
        for key in OF_PLANS:
            if key in part.data:
                self.findings.append(part.finding((key,), "belongs into a plan, not into a part"))
        return merged(document, self.whole(part, way))


def merged(document: Document, part: Document) -> Document:
    """Return ``document`` with what ``part`` adds to it."""
    data = copy.deepcopy(document.data)
    lines, borrowed = dict(document.lines), dict(document.borrowed)
    for inside, outside in _added(data, part.data):
        for path in part.lines:
            if path[: len(inside)] == inside:
                target = (*outside, *path[len(inside) :])
                place = part.place_of(path)
                lines[target], borrowed[target] = place.line, place
    parts = {**document.parts, **part.parts, part.file: part.source}
    return replace(document, data=data, lines=lines, borrowed=borrowed, parts=parts)


def _added(data: dict[str, Any], part: Mapping[str, Any]) -> Iterator[tuple[KeyPath, KeyPath]]:
    """Add a part's keys; yield the path of each in the part, and where it is now."""
    for key, value in part.items():
        if key == "include" or key in OF_PLANS:
            continue
        own: Any = data.get(key)
        if key not in data:
            data[key] = copy.deepcopy(value)
            yield (key,), (key,)
        elif isinstance(own, dict) and isinstance(value, dict):
            for inside, outside in _added(own, value):
                yield (key, *inside), (key, *outside)
        elif _is_tables(own) and _is_tables(value):
            first = len(own)
            data[key] = own + copy.deepcopy(value)
            for index in range(len(value)):
                yield (key, index), (key, first + index)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)
