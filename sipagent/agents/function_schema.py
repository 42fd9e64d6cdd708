"""What a Python function looks like as a tool: read from its signature and its docstring.

The description is the docstring's first paragraph. A parameter is described by, first that exists:
``Field(description=...)``, a text in its ``Annotated``, the ``Args`` of a Google style docstring.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo

from .docstrings import docstring
from .json_schema import without_nulls
from .tool_context import ToolContext
from .tool_errors import ToolArgumentsInvalid


def tool_name(text: str) -> str:
    """Return ``Refund_Expert`` for ``Refund Expert``: what the API takes as a name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


@dataclass(frozen=True, slots=True)
class FunctionSchema:
    """A function, described."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON Schema of the arguments."""
    takes_context: bool
    """Whether its first parameter is a ``ToolContext``, which the model is not told of."""
    model: type[BaseModel]
    fields: dict[str, str]
    """Field of ``model`` by parameter; not the same, since a model cannot name all alike."""

    def parse(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return values for the function's parameters.

        Raises:
            ToolArgumentsInvalid: If the arguments do not fit; the text has no values.
        """
        try:
            parsed = self.model.model_validate(without_nulls(arguments, self.parameters))
        except ValidationError as error:
            raise ToolArgumentsInvalid(faults(error)) from error
        return {name: getattr(parsed, field) for name, field in self.fields.items()}


def function_schema(function: Callable[..., Any]) -> FunctionSchema:
    """Describe ``function``.

    Raises:
        TypeError: If a parameter has no annotation, or cannot be given by name.
    """
    hints = get_type_hints(function, include_extras=True)
    told = docstring(function)
    definitions: dict[str, Any] = {}
    fields: dict[str, str] = {}
    takes_context = False
    for index, parameter in enumerate(inspect.signature(function).parameters.values()):
        annotation = hints.get(parameter.name)
        if index == 0 and annotation is ToolContext:
            takes_context = True
            continue
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise TypeError(f"tool {function.__name__}: {parameter} cannot be described")
        if annotation is None:
            raise TypeError(f"tool {function.__name__}: {parameter.name} has no annotation")
        has_default = parameter.default is not parameter.empty
        field = fields[parameter.name] = f"argument_{index}"
        definitions[field] = (
            _described(annotation, parameter.name, told.parameters.get(parameter.name)),
            parameter.default if has_default else ...,
        )
    config = ConfigDict(extra="forbid")
    model = create_model(function.__name__, __config__=config, **definitions)
    return FunctionSchema(
        tool_name(function.__name__),
        told.description,
        type_schema(model),
        takes_context,
        model,
        fields,
    )


def type_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a type without the titles, which tell the model nothing new."""
    schema: dict[str, Any] = TypeAdapter(kind).json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    if schema.get("type") == "object":
        schema.setdefault("properties", {})
    for each in schema.get("properties", {}).values():
        each.pop("title", None)
    return schema


def faults(error: ValidationError) -> str:
    """Say what is wrong without what a caller said: fields, not values."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in found
    )


def _described(annotation: Any, name: str, from_docstring: str | None) -> Any:
    metadata = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    if any(isinstance(each, FieldInfo) and each.description for each in metadata):
        return Annotated[annotation, Field(alias=name)]
    text = next((each for each in metadata if isinstance(each, str)), from_docstring)
    return Annotated[annotation, Field(alias=name, description=text)]
