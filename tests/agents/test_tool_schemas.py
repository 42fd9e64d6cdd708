"""What the model is told of a tool, made from a Python function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from sipagent.agents.tools import ToolContext, function_tool


class Address(BaseModel):
    """Where somebody lives."""

    city: str


def test_the_schema_comes_from_the_signature() -> None:
    def book(name: str, guests: int, is_late: bool = False) -> str:
        """Book a table."""
        return name

    assert function_tool(book).parameters == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "guests": {"type": "integer"},
            "is_late": {"type": "boolean", "default": False},
        },
        "required": ["name", "guests"],
        "additionalProperties": False,
    }


def test_a_function_without_parameters_has_an_empty_object() -> None:
    def ring() -> None:
        """Ring."""

    parameters = function_tool(ring).parameters
    assert (parameters["type"], parameters["properties"]) == ("object", {})
    assert parameters["additionalProperties"] is False


def test_constraints_and_descriptions_of_annotations_reach_the_model() -> None:
    def book(
        day: Literal["today", "tomorrow"],
        guests: Annotated[int, Field(ge=1, description="How many.")],
    ) -> None:
        """Book."""

    properties = function_tool(book).parameters["properties"]
    assert properties["day"] == {"enum": ["today", "tomorrow"], "type": "string"}
    assert properties["guests"] == {"type": "integer", "minimum": 1, "description": "How many."}


def test_a_model_may_be_a_parameter() -> None:
    def send(address: Address) -> None:
        """Send."""

    parameters = function_tool(send).parameters
    assert parameters["properties"]["address"] == {"$ref": "#/$defs/Address"}
    assert parameters["$defs"]["Address"]["properties"]["city"]["type"] == "string"


def test_a_context_in_first_place_is_no_business_of_the_model() -> None:
    def hang_up(context: ToolContext, reason: str) -> None:
        """Hang up."""

    assert list(function_tool(hang_up).parameters["properties"]) == ["reason"]


def test_the_wire_has_name_description_and_schema_and_no_more() -> None:
    def ring() -> None:
        """Ring."""

    tool = function_tool(ring)
    assert tool.to_wire() == {
        "type": "function",
        "name": "ring",
        "description": "Ring.",
        "parameters": tool.parameters,
    }


def test_the_description_is_the_docstring_without_its_indentation() -> None:
    def ring() -> None:
        """Ring the bell.

        It is loud.
        """

    assert function_tool(ring).description == "Ring the bell.\n\nIt is loud."


def test_name_and_description_may_be_given() -> None:
    def ring() -> None:
        """Ring."""

    tool = function_tool(ring, name="bell", description="Loud.", timeout_s=3.0)
    assert (tool.name, tool.description, tool.timeout_s) == ("bell", "Loud.", 3.0)


def test_a_function_without_docstring_has_no_description() -> None:
    assert function_tool(lambda: None).description == ""


def test_a_name_holds_only_what_a_tool_name_may_hold() -> None:
    assert function_tool(lambda: None).name == "_lambda_"


def many(*orders: int) -> None:
    """Take any number."""


def anything(**orders: int) -> None:
    """Take anything."""


def by_place(order: int, /) -> None:
    """Take one by its place."""


def bare(order) -> None:  # type: ignore[no-untyped-def]
    """Take who knows what."""


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (many, r"many: \*orders.* cannot be described"),
        (anything, r"anything: \*\*orders.* cannot be described"),
        (by_place, "by_place: order.* cannot be described"),
        (bare, "bare: order has no annotation"),
    ],
)
def test_what_cannot_be_described_is_refused(function: Callable[..., Any], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        function_tool(function)
