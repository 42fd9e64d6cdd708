"""The form of final outputs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from sipagent.agents.backend.output_form import OutputForm
from sipagent.agents.json_schema import is_closed
from sipagent.errors import ConfigError, ModelBehaviorError


class Part(BaseModel):
    name: str
    count: int = 1


class Order(BaseModel):
    parts: list[Part]
    note: str | None = None


@pytest.mark.parametrize("kind", [None, str])
def test_text_is_taken_as_it_is(kind: Any) -> None:
    form = OutputForm.of(kind)
    assert form.schema is None
    assert form.parse("{") == "{"


def test_a_model_is_told_as_a_closed_schema_and_read() -> None:
    form = OutputForm.of(Order)
    assert is_closed(form.schema)
    order = form.parse('{"parts": [{"name": "nut", "count": null}], "note": null}')
    assert order == Order(parts=[Part(name="nut")])


@pytest.mark.parametrize(
    ("kind", "text", "output"),
    [
        (int, '{"response": 7}', 7),
        (list[Part], '{"response": [{"name": "nut", "count": 2}]}', [Part(name="nut", count=2)]),
        (Order | None, '{"response": null}', None),
    ],
)
def test_what_is_no_object_is_put_into_one(kind: Any, text: str, output: Any) -> None:
    form = OutputForm.of(kind)
    assert form.schema is not None
    assert form.schema["type"] == "object"
    assert is_closed(form.schema)
    assert form.parse(text) == output


@pytest.mark.parametrize("text", ["", "nut", "[]", "{}", '{"response": "many"}'])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ModelBehaviorError, match="final output") as caught:
        OutputForm.of(int).parse(text)
    assert "many" not in str(caught.value)


def test_a_type_without_a_schema_is_refused() -> None:
    with pytest.raises(ConfigError, match="no schema"):
        OutputForm.of(object())


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        ({"type": "string"}, True),
        ({"type": "object"}, False),
        ({"type": "object", "properties": {}, "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, False),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"anyOf": [{"type": "null"}, {"type": "object"}]}, False),
        ({"allOf": [{"type": "object"}]}, False),
        ({"$defs": {"A": {"type": "object"}}, "type": "string"}, False),
    ],
)
def test_a_schema_is_closed_when_all_of_it_is(schema: dict[str, Any], closed: bool) -> None:
    assert is_closed(schema) is closed
