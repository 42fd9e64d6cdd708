"""The form of a final output: what the model is told of it, and whether its text has it.

The API takes only objects, so any other type is put into one, under ``response``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from sipagent.agents.arguments import parse_arguments
from sipagent.agents.function_schema import faults, type_schema
from sipagent.agents.json_schema import strict_schema, without_nulls
from sipagent.agents.tool_errors import ToolArgumentsInvalid
from sipagent.errors import ConfigError, ModelBehaviorError

WRAPPER = "response"


@dataclass(frozen=True)
class OutputForm:
    """How the final output of an agent looks; see :meth:`of`."""

    kind: Any
    """None: text as it is."""

    @classmethod
    def of(cls, kind: Any) -> OutputForm:
        """Return the form of ``kind``; ``str`` is text as well.

        Raises:
            ConfigError: If ``kind`` cannot be described.
        """
        form = cls(None if kind is str else kind)
        try:
            _ = form.schema
        except (PydanticSchemaGenerationError, PydanticUserError) as error:
            raise ConfigError(f"output_type {kind!r} has no schema") from error
        return form

    @cached_property
    def schema(self) -> dict[str, Any] | None:
        """What the model is told, None for text."""
        return None if self.kind is None else strict_schema(self._declared)

    def parse(self, text: str) -> Any:
        """Return the output in ``text``.

        Raises:
            ModelBehaviorError: If it has another form; the text names fields, never values.
        """
        if self.kind is None:
            return text
        try:
            values = without_nulls(parse_arguments(text), self._declared)
            given = values[WRAPPER] if self._is_wrapped else values
            return TypeAdapter(self.kind).validate_python(given)
        except ValidationError as error:
            raise ModelBehaviorError(f"the final output: {faults(error)}") from error
        except ToolArgumentsInvalid as error:
            raise ModelBehaviorError("the final output is no JSON object") from error
        except KeyError:
            raise ModelBehaviorError(f"the final output: {WRAPPER} is missing") from None

    @cached_property
    def _declared(self) -> dict[str, Any]:
        schema = type_schema(self.kind)
        return _wrapped(schema) if self._is_wrapped else schema

    @cached_property
    def _is_wrapped(self) -> bool:
        return bool(type_schema(self.kind).get("type") != "object")


def _wrapped(schema: dict[str, Any]) -> dict[str, Any]:
    """Put ``schema`` into an object; references go on pointing at the root's definitions."""
    schema = dict(schema)
    definitions = {key: schema.pop(key) for key in ("$defs",) if key in schema}
    return {
        "type": "object",
        "properties": {WRAPPER: schema},
        "required": [WRAPPER],
        **definitions,
    }
