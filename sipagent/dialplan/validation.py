"""Turns a TOML document into a model, and what pydantic says into what an operator can use.

Types are strict: ``port = "5060"`` is a mistake, not a number. Unknown keys are named together
with the key that was probably meant.
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import pydantic_core
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .documents import Document
from .findings import Finding
from .toml_lines import KeyPath

ModelT = TypeVar("ModelT", bound=BaseModel)

_SECRET = re.compile(r"(^|_)(key|secret|password|token)$|^headers$")
"""Names of keys whose values are never shown."""

_IN_WORDS = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be an array",
    "list_type": "must be an array",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}
"""What pydantic's error types mean to somebody who writes TOML."""


def validate(model: type[ModelT], document: Document) -> ModelT | list[Finding]:
    """Return the document as a ``model``, or everything that is wrong with it."""
    try:
        return validate_data(model, document.data)
    except ValidationError as error:
        return [
            document.finding(trimmed(path, document.lines), text)
            for path, text in problems(model, error)
        ]


def validate_data(model: type[ModelT], data: Mapping[str, Any]) -> ModelT:
    """Validate strictly, as TOML means it: an array may fill a tuple, a string a path.

    Raises:
        ValidationError: See :func:`problems`.
    """
    return model.model_validate_json(pydantic_core.to_json(data), strict=True)


def problems(model: type[BaseModel], error: ValidationError) -> list[tuple[KeyPath, str]]:
    """Return each key path that is wrong, and what is wrong with it, in words."""
    details = error.errors(include_url=False)
    found = [(each["loc"], _text(model, each)) for each in details if not _is_echo(each, details)]
    return [_narrowed(model, path, text) for path, text in found]


def trimmed(path: KeyPath, lines: Mapping[KeyPath, int]) -> KeyPath:
    """Return ``path`` without the index of an element that is written as a single value."""
    while path and isinstance(path[-1], int) and path not in lines:
        path = path[:-1]
    return path


def near_miss(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean "x"?)`` for the known word that is nearly ``word``, or ``""``."""
    by_fold = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return f' (did you mean "{by_fold[close[0]]}"?)' if close else ""


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them."""
    return ", ".join(words) or "none"


def shown(value: object) -> str:
    """Return a value as an operator would write it, cut short."""
    text = pydantic_core.to_json(value, fallback=str).decode()
    return text if len(text) <= 40 else f"{text[:37]}..."


def field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """Return the field that a key path of ``model`` names, or None."""
    *parents, last = path
    inner: type[BaseModel] | None = model_at(model, tuple(parents))
    return inner.model_fields.get(str(last)) if inner is not None else None


def model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """Return the model of the table at ``path``, or None if there is none."""
    current: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(part)
        current = _model_in(field.annotation) if field is not None else None
    return current


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(each) for each in typing.get_args(annotation))
    return next((each for each in inner if each is not None), None)


def _text(model: type[BaseModel], error: ErrorDetails) -> str:
    path, given = error["loc"], error["input"]
    match error["type"]:
        case "extra_forbidden":
            inner = model_at(model, path[:-1])
            fields = inner.model_fields.items() if inner is not None else ()
            known = [field.alias or name for name, field in fields]
            return f"unknown key{near_miss(str(path[-1]), known)}; allowed: {listed(known)}"
        case "missing" if isinstance(path[-1], int):
            return f"must have at least {path[-1] + 1} elements"
        case "missing":
            return "is missing"
        case "value_error":
            return str(error["ctx"]["error"])
        case "too_short":
            least = error["ctx"]["min_length"]
            return f"must have at least {least} elements" if given else "must not be empty"
        case "too_long":
            return f"must have at most {error['ctx']['max_length']} elements, not {len(given)}"
        case kind:
            text = _IN_WORDS.get(kind) or _rephrased(error["msg"])
            return text + _given(path, given)


def _narrowed(model: type[BaseModel], path: KeyPath, text: str) -> tuple[KeyPath, str]:
    """Return the key that a complaint about its whole table begins with, and the rest of it."""
    inner = model_at(model, path)
    key, _, rest = text.partition(" ")
    return ((*path, key), rest) if inner is not None and key in inner.model_fields else (path, text)


def _is_echo(error: ErrorDetails, details: Iterable[ErrorDetails]) -> bool:
    """Tell whether an array counts as too short only because its elements are wrong."""
    path = error["loc"]
    return error["type"] == "too_short" and any(
        len(each["loc"]) > len(path) and each["loc"][: len(path)] == path for each in details
    )


def _rephrased(message: str) -> str:
    return re.sub(r"^.*? should ", "must ", message)


def _given(path: KeyPath, value: object) -> str:
    if any(_SECRET.search(str(part)) for part in path):
        return ""
    return "" if isinstance(value, dict | list) else f", not {shown(value)}"
