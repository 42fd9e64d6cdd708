"""What the model is told of a tool, made from a Python function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from sipagent.agents.json_schema import EMPTY_OBJECT
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

    assert function_tool(ring).to_wire() == {
        "type": "function",
        "name": "ring",
        "description": "Ring.",
        "parameters": EMPTY_OBJECT,
    }


def test_the_wire_tells_a_strict_schema_unless_it_is_said_otherwise() -> None:
    def ring(times: int = 1) -> None:
        """Ring."""

    strict, loose = function_tool(ring), function_tool(ring, strict=False)
    assert strict.to_wire()["parameters"]["required"] == ["times"]
    assert loose.to_wire()["parameters"] == loose.parameters
    assert "required" not in loose.parameters


def test_descriptions_come_from_the_docstring() -> None:
    def ring(times: int) -> None:
        """Ring the bell.

        Args:
            times: How often.
        """

    tool = function_tool(ring)
    assert tool.description == "Ring the bell."
    assert tool.parameters["properties"]["times"]["description"] == "How often."


def test_the_nearest_description_of_a_parameter_wins() -> None:
    def ring(
        a: Annotated[int, "text", Field(description="field")],
        b: Annotated[int, "text"],
        c: int = Field(description="default"),
    ) -> None:
        """Ring.

        Args:
            a: docstring
            b: docstring
            c: docstring
        """

    properties = function_tool(ring).parameters["properties"]
    told = [properties[name]["description"] for name in "abc"]
    assert told == ["field", "text", "default"]


async def test_a_parameter_may_have_a_name_that_a_model_has_a_use_for() -> None:
    def odd(json: str, _x: int, model_config: bool, self: str = "me") -> str:
        """Be odd."""
        return f"{json} {_x} {model_config} {self}"

    tool = function_tool(odd)
    assert list(tool.parameters["properties"]) == ["json", "_x", "model_config", "self"]
    told = await tool.run(
        ToolContext(None, "call_1", "A"), '{"json":"j","_x":1,"model_config":true}'
    )
    assert told.output == "j 1 True me"


def test_name_and_description_may_be_given() -> None:
    def ring() -> None:
        """Ring."""

    tool = function_tool(ring, name="bell", description="Loud.", timeout_s=3.0)
    assert (tool.name, tool.description, tool.timeout_s) == ("bell", "Loud.", 3.0)


def test_a_function_without_docstring_has_no_description() -> None:
    assert function_tool(lambda: None).description == ""


@pytest.mark.parametrize(
    ("name", "wire_name"),
    [(None, "_lambda_"), ("Refund Expert", "Refund_Expert"), ("Büro", "B_ro"), ("a-b_9", "a-b_9")],
)
def test_a_name_holds_only_what_a_tool_name_may_hold(name: str | None, wire_name: str) -> None:
    assert function_tool(lambda: None, name=name).to_wire()["name"] == wire_name


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
