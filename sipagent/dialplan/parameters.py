"""``[tools.parameters]``: what the model gives a tool that is no Python function.

A subset of JSON Schema, told to the model and held against what it sends. A pattern must match the
whole value, and is matched in a time that grows with the value's length alone (RE2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from sipagent.agents.json_schema import check_arguments, closed_schema, without_nulls
from sipagent.agents.tool_errors import ToolArgumentsInvalid

from .model import Model, Text
from .patterns import compiled

MAX_CHARS = 1_000
"""Of a text that names no limit of its own: what fits into an address or a form."""

ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


def _pattern(text: str) -> str:
    compiled(text)
    return text


class Parameter(Model):
    """One of ``[tools.parameters]``."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    """What its values are."""
    description: Text | None = None
    """Tells the model what it is."""
    required: bool = True
    """Whether the model must give it."""
    enum: Annotated[tuple[str | int | float, ...], Field(min_length=1)] | None = None
    """The values there are."""
    pattern: Annotated[str, AfterValidator(_pattern)] | None = None
    """Of a string: what the whole of it must match."""
    max_length: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Of a string."""
    minimum: float | None = None
    """Of a number."""
    maximum: float | None = None
    """Of a number."""

    @model_validator(mode="after")
    def _suits_its_type(self) -> Self:
        is_text, is_number = self.type == "string", self.type in {"integer", "number"}
        for key, suits in (
            ("pattern", is_text),
            ("max_length", is_text),
            ("minimum", is_number),
            ("maximum", is_number),
            ("enum", self.type != "boolean"),
        ):
            if getattr(self, key) is not None and not suits:
                raise ValueError(f'{key} means nothing to type "{self.type}"')
        for each in self.enum or ():
            if isinstance(each, str) is not is_text:
                raise ValueError(f'enum must have values of type "{self.type}" alone')
        return self

    def schema_part(self) -> dict[str, Any]:
        """Return the JSON Schema of the value, its pattern excepted."""
        limit = (self.max_length or MAX_CHARS) if self.type == "string" else None
        part = {
            "type": self.type,
            "description": self.description,
            "enum": None if self.enum is None else list(self.enum),
            "maxLength": None if self.enum is not None else limit,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }
        return {key: value for key, value in part.items() if value is not None}


def told_schema(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the JSON Schema of the arguments, as the model is told it."""
    schema = _schema(parameters)
    for name, each in parameters.items():
        if each.pattern is not None:
            schema["properties"][name]["pattern"] = f"^(?:{each.pattern})$"
    return schema


def checked_arguments(
    parameters: Mapping[str, Parameter], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments that were given, null being none.

    Raises:
        ToolArgumentsInvalid: If they do not fit; names parameters and rules, never values.
    """
    schema = _schema(parameters)
    given: dict[str, Any] = without_nulls(dict(arguments), schema)
    check_arguments(given, closed_schema(schema))
    for name, value in given.items():
        pattern = parameters[name].pattern
        if pattern is not None and compiled(pattern).fullmatch(value) is None:
            raise ToolArgumentsInvalid(f"{name}: pattern {pattern[:80]}")
    return given


def _schema(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: each.schema_part() for name, each in parameters.items()},
        "required": [name for name, each in parameters.items() if each.required],
        "additionalProperties": False,
    }
