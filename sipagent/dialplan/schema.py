"""The JSON Schema of dialplans, for editors: what keys there are, what they mean, what they take.

Made of the models, whose attribute docstrings become descriptions. It says less than ``sipagent
check``: what depends on other keys, or on files, no schema can tell.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from .includes import OF_PLANS
from .models import Dialplan

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest that the TOML plug-ins of editors understand."""


def dialplan_schema(*, of_part: bool = False) -> dict[str, Any]:
    """Return the schema of plans, or of the parts that they include."""
    made = Dialplan.model_json_schema()
    models = {model.__name__: model for model in models_in(Dialplan)}
    definitions = {
        name: _of_table(table, models[name]) for name, table in made.pop("$defs").items()
    }
    table = _of_table(made, Dialplan)
    if of_part:
        table["properties"] = {
            key: each for key, each in table["properties"].items() if key not in OF_PLANS
        }
        table["description"] = "A part of dialplans, which they include."
        del table["required"]
    return {"$schema": DIALECT, **_moved(table), "definitions": _moved(definitions)}


def models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models of all tables in a model, and itself, each once."""
    found: dict[type[BaseModel], None] = {}
    waiting: list[Any] = [model]
    while waiting:
        each = waiting.pop()
        if isinstance(each, type) and issubclass(each, BaseModel):
            if each not in found:
                found[each] = None
                waiting += [field.annotation for field in each.model_fields.values()]
        else:
            waiting += getattr(each, "__args__", ())
    yield from found


@cache
def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return what is written below each field of a model, on one line."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if not issubclass(each, BaseModel) or each is BaseModel:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(each))).body
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(said))),
                ):
                    found[name] = _in_markdown(said)
    return found


def _of_table(table: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    said = docstrings(model)
    properties = {
        key: _plain(each) | ({"description": said[key]} if key in said else {})
        for key, each in table["properties"].items()
    }
    described = _in_markdown(table.get("description", ""))
    without = {key: each for key, each in table.items() if key != "title"}
    return without | {"description": described, "properties": properties}


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Return a key's schema without what TOML has not, and without a title that only repeats it."""
    plain = {key: each for key, each in value.items() if key != "title"}
    if isinstance(plain.get("default"), dict) or plain.get("default", 0) is None:
        del plain["default"]
    if "anyOf" in plain:
        kinds = [each for each in plain.pop("anyOf") if each != {"type": "null"}]
        if len(kinds) > 1:  # pydantic counts the characters of a text that stands for an array
            plain = {key: each for key, each in plain.items() if not key.endswith("Length")}
        plain = plain | kinds[0] if len(kinds) == 1 else plain | {"anyOf": kinds}
    return plain


def _moved(value: Any) -> Any:
    """Return ``value`` with its references as draft 7 has them."""
    match value:
        case dict():
            return {key: _moved(each) for key, each in value.items()}
        case list():
            return [_moved(each) for each in value]
        case str():
            return re.sub(r"^#/\$defs/", "#/definitions/", value)
        case _:
            return value


def _in_markdown(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
