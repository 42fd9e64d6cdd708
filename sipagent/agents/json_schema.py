"""JSON Schema of arguments: what the model is told, and whether what it sends fits.

A strict schema names every property as required and allows no other; what was optional may be
null. The wire has no word for strictness and nobody there enforces it, so models leave optional
properties out all the same: here null and nothing both mean "not given".

An object that says itself what else it may hold stays open, strict or not: without that there
are no free-form mappings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError, ValidationError  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable

from sipagent.errors import ConfigError

from .tool_errors import ToolArgumentsInvalid

Schema = dict[str, Any]

EMPTY_OBJECT: Schema = {
    "type": "object",
    "properties": {},
    "required": [],
    "additionalProperties": False,
}

_OFFLINE: Registry[Any] = Registry()
"""Resolves references within a schema only: a schema must not make us fetch anything."""

_MAPS_OF_SCHEMAS = ("properties", "$defs", "definitions")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "prefixItems")  # allOf: its parts must stay open


def check_schema(schema: Mapping[str, Any], *, where: str) -> None:
    """Make sure that ``schema`` describes arguments.

    Raises:
        ConfigError: If it is no JSON Schema, or not one of an object.
    """
    try:
        flaw = _known_flaw(json.dumps(schema, sort_keys=True))
    except (TypeError, ValueError):  # what is no JSON may still say what is wrong with it
        flaw = _flaw(schema)
    if flaw:
        raise ConfigError(f"no JSON Schema: {flaw}", where=where)
    if schema.get("type") != "object":
        raise ConfigError('the schema of arguments must have type "object"', where=where)


@lru_cache(maxsize=1_000)
def _known_flaw(text: str) -> str:
    """Return what is wrong with a schema; checking takes milliseconds, and plans come again."""
    return _flaw(json.loads(text))


def _flaw(schema: Mapping[str, Any]) -> str:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return str(error.message)
    return ""


def strict_schema(schema: Mapping[str, Any]) -> Schema:
    """Return ``schema`` as the model is told it."""
    return _transformed(schema, _strict)


def closed_schema(schema: Mapping[str, Any]) -> Schema:
    """Return ``schema`` without room for properties it does not name."""
    return _transformed(schema, _closed)


def is_closed(schema: Any) -> bool:
    """Return whether every object in ``schema`` names all it may hold, and needs it all.

    Endpoints that hold a model to a schema take no other (Structured outputs: supported schemas).
    """
    if isinstance(schema, list):
        return all(is_closed(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    parts = [schema[key] for key in (*_LISTS_OF_SCHEMAS, "allOf", "items") if key in schema]
    for key in _MAPS_OF_SCHEMAS:
        parts += schema.get(key, {}).values()
    if not all(is_closed(part) for part in parts):
        return False
    if schema.get("type") != "object":
        return True
    has_room = schema.get("additionalProperties", True) is not False
    return not has_room and set(schema.get("required", [])) == set(schema.get("properties", {}))


def check_arguments(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Make sure that ``arguments`` fit ``schema``.

    Raises:
        ToolArgumentsInvalid: If they do not; the text names places and rules, never values.
    """
    validator = Draft202012Validator(schema, registry=_OFFLINE)
    try:
        faults = sorted(validator.iter_errors(arguments), key=lambda fault: str(fault.path))
    except Unresolvable as error:
        raise ToolArgumentsInvalid(f"cannot be checked: {type(error).__name__}") from error
    if faults:
        raise ToolArgumentsInvalid("; ".join(_fault(each) for each in faults[:5]))


def without_nulls(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return ``value`` without the nulls that say an optional property is not given.

    Args:
        value: Arguments as they came.
        schema: As its author wrote it, not made strict.
    """
    return _pruned(value, schema, schema)


def _strict(schema: Schema) -> Schema:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return _closed(schema) | {
        "properties": {
            name: each if name in required else _nullable(each) for name, each in properties.items()
        },
        "required": list(properties),
    }


def _closed(schema: Schema) -> Schema:
    return {"additionalProperties": False} | schema


def _transformed(schema: Mapping[str, Any], each_object: Callable[[Schema], Schema]) -> Schema:
    def transform(part: Any) -> Any:
        return _transformed(part, each_object) if isinstance(part, Mapping) else part

    made = dict(schema)
    for key in _MAPS_OF_SCHEMAS:
        if isinstance(made.get(key), Mapping):
            made[key] = {name: transform(part) for name, part in made[key].items()}
    for key in _LISTS_OF_SCHEMAS:
        if isinstance(made.get(key), list):
            made[key] = [transform(part) for part in made[key]]
    for key in ("items", "additionalProperties"):
        made.update({key: transform(made[key])} if key in made else {})
    if made.get("type") != "object":
        return made
    is_free_form = made.get("additionalProperties", False) is not False
    return made if is_free_form and "properties" not in made else each_object(made)


def _nullable(schema: Any) -> Any:
    if not isinstance(schema, Mapping) or _accepts_null(schema):
        return schema
    told = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in told}
    if set(rest) == {"type"} and isinstance(rest["type"], str):
        return {"type": [rest["type"], "null"]} | told
    return {"anyOf": [rest, {"type": "null"}]} | told


def _accepts_null(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return schema is True
    if "enum" in schema or "const" in schema:
        return None in schema.get("enum", [schema.get("const")])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return any(_accepts_null(part) for part in schema[key])
    types = schema.get("type")
    if types is None:
        return "$ref" not in schema and "allOf" not in schema
    return types == "null" or "null" in types


def _pruned(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, root)
    if isinstance(value, list):
        return [_pruned(each, schema.get("items"), root) for each in value]
    if not isinstance(value, dict):
        return value
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return {
        name: _pruned(each, properties.get(name, schema.get("additionalProperties")), root)
        for name, each in value.items()
        if each is not None
        or name not in properties
        or name in required
        or _accepts_null(properties[name])
    }


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references and the one branch of a union that is not null."""
    for _ in range(16):  # references may go in circles
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(reference := schema.get("$ref"), str):
            definitions = root.get("$defs", root.get("definitions", {}))
            schema = definitions.get(reference.rpartition("/")[2])
        else:
            union = schema.get("anyOf", schema.get("oneOf", []))
            branches = [part for part in union if part != {"type": "null"}]
            if len(branches) != 1 or len(union) < 2:
                return schema
            schema = branches[0]
    return {}


def _fault(fault: ValidationError) -> str:
    place = ".".join(str(part) for part in fault.absolute_path) or "arguments"
    rule = json.dumps(fault.validator_value, ensure_ascii=False, default=str)
    return f"{place}: {fault.validator} {rule[:80]}"
