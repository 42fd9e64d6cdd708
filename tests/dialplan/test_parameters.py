"""Arguments of tools that are no functions: what the model is told, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from sipagent.agents.tool_errors import ToolArgumentsInvalid
from sipagent.dialplan.parameters import Parameter, checked_arguments, told_schema

PARAMETERS = {
    "number": Parameter(pattern="[0-9]{4}", description="Of the order."),
    "kind": Parameter(required=False, enum=("status", "price")),
    "count": Parameter(type="integer", required=False, minimum=1, maximum=9),
    "short": Parameter(required=False, max_length=3),
    "sure": Parameter(type="boolean", required=False),
}


def test_the_model_is_told_a_json_schema() -> None:
    assert told_schema(PARAMETERS) == {
        "type": "object",
        "properties": {
            "number": {
                "type": "string",
                "description": "Of the order.",
                "maxLength": 1000,
                "pattern": "^(?:[0-9]{4})$",
            },
            "kind": {"type": "string", "enum": ["status", "price"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "short": {"type": "string", "maxLength": 3},
            "sure": {"type": "boolean"},
        },
        "required": ["number"],
        "additionalProperties": False,
    }


def test_what_is_optional_may_be_null() -> None:
    given = {"number": "4711", "kind": None, "count": 2}
    assert checked_arguments(PARAMETERS, given) == {"number": "4711", "count": 2}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({}, "arguments: required"),
        ({"number": "47111"}, "number: pattern"),
        ({"number": "4711\n"}, "number: pattern"),
        ({"number": 4711}, "number: type"),
        ({"number": "4711", "kind": "secret"}, "kind: enum"),
        ({"number": "4711", "count": 10}, "count: maximum"),
        ({"number": "4711", "count": 1.5}, "count: type"),
        ({"number": "4711", "short": "four"}, "short: maxLength"),
        ({"number": "4711", "other": 1}, "arguments: additionalProperties"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ToolArgumentsInvalid, match=text):
        checked_arguments(PARAMETERS, wrong)


def test_no_pattern_takes_forever() -> None:
    slow = {"text": Parameter(pattern="(a+)+", max_length=100_000)}
    with pytest.raises(ToolArgumentsInvalid):
        checked_arguments(slow, {"text": "a" * 90_000 + "!"})


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"pattern": "("}, "is no regular expression: missing"),
        ({"pattern": "(?<=a)b"}, "RE2 has no look-around"),
        ({"pattern": ""}, "1 to 1000"),
        ({"type": "integer", "pattern": "1"}, 'pattern means nothing to type "integer"'),
        ({"type": "string", "minimum": 1}, 'minimum means nothing to type "string"'),
        ({"type": "integer", "enum": ["a"]}, 'enum must have values of type "integer"'),
        ({"type": "boolean", "enum": [1]}, "enum means nothing"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        Parameter.model_validate(wrong)
