"""Schemas given by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sipagent.agents.json_schema import strict_schema
from sipagent.agents.tools import DEFAULT_ERROR, FunctionTool, ToolContext, ToolOutcome
from sipagent.errors import ConfigError

CONTEXT = ToolContext(None, "call_1", "Reception")
NODE = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "zip": {"type": "string"},
        "next": {"$ref": "#/$defs/node"},
    },
    "required": ["city"],
}
TRIP: dict[str, Any] = {
    "type": "object",
    "properties": {
        "start": {"$ref": "#/$defs/node"},
        "stops": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        "class": {"enum": ["first", "second"], "description": "Where to sit."},
        "pets": {"type": "integer", "minimum": 0},
        "note": {"type": ["string", "null"]},
    },
    "required": ["start"],
    "$defs": {"node": NODE},
}
OPEN: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}}


async def echo(context: ToolContext, arguments: Mapping[str, Any]) -> Any:
    """Return the arguments as they reached the tool."""
    return dict(arguments)


async def outcome(
    arguments: str, parameters: dict[str, Any] = TRIP, *, strict: bool = True
) -> ToolOutcome:
    tool = FunctionTool("trip", "", parameters, echo, strict=strict)
    return await tool.run(CONTEXT, arguments)


def test_a_strict_schema_requires_everything_and_lets_null_be_nothing() -> None:
    strict = strict_schema(TRIP)
    assert strict["required"] == ["start", "stops", "class", "pets", "note"]
    assert strict["additionalProperties"] is False
    properties = strict["properties"]
    assert properties["start"] == {"$ref": "#/$defs/node"}
    assert properties["stops"]["anyOf"][1] == {"type": "null"}
    assert properties["class"] == {
        "anyOf": [{"enum": ["first", "second"]}, {"type": "null"}],
        "description": "Where to sit.",
    }
    assert properties["pets"] == {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}
    assert properties["note"] == {"type": ["string", "null"]}


def test_a_strict_schema_is_strict_all_the_way_down() -> None:
    node = strict_schema(TRIP)["$defs"]["node"]
    assert node["required"] == ["city", "zip", "next"]
    assert node["additionalProperties"] is False
    assert node["properties"]["zip"] == {"type": ["string", "null"]}


def test_making_it_strict_leaves_the_schema_as_it_was() -> None:
    before = repr(TRIP)
    strict_schema(TRIP)
    assert repr(TRIP) == before


def test_what_is_strict_already_stays_as_it_is() -> None:
    once = strict_schema(TRIP)
    assert strict_schema(once) == once


def test_a_free_form_mapping_stays_one() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    wrapped = {"type": "object", "properties": {"counts": schema}, "required": ["counts"]}
    assert strict_schema(wrapped)["properties"]["counts"] == schema


@pytest.mark.parametrize(
    ("arguments", "reached"),
    [
        ('{"start":{"city":"Bonn"}}', '{"start": {"city": "Bonn"}}'),
        ('{"start":{"city":"Bonn"},"pets":null}', '{"start": {"city": "Bonn"}}'),
        ('{"start":{"city":"Bonn","zip":null}}', '{"start": {"city": "Bonn"}}'),
        (
            '{"start":{"city":"Bonn"},"stops":[{"city":"Ulm","next":null}]}',
            '{"start": {"city": "Bonn"}, "stops": [{"city": "Ulm"}]}',
        ),
        (
            '{"start":{"city":"Bonn"},"note":null}',
            '{"start": {"city": "Bonn"}, "note": null}',
        ),
    ],
)
async def test_an_optional_null_is_not_given(arguments: str, reached: str) -> None:
    assert await outcome(arguments) == ToolOutcome(reached)


@pytest.mark.parametrize(
    "arguments",
    [
        "{}",
        '{"start":null}',
        '{"start":{"city":null}}',
        '{"start":{"city":7}}',
        '{"start":{"city":"Bonn","next":{"zip":"1"}}}',
        '{"start":{"city":"Bonn"},"pets":-1}',
        '{"start":{"city":"Bonn"},"class":"third"}',
        '{"start":{"city":"Bonn"},"dog":true}',
        '{"start":{"city":"Bonn","dog":true}}',
        '{"start":{"city":"Bonn"},"stops":[null]}',
        pytest.param('{"start":' + '{"city":"Bonn","next":' * 500 + "{}" + "}" * 501, id="deep"),
    ],
)
async def test_arguments_that_do_not_fit_never_reach_the_tool(arguments: str) -> None:
    assert await outcome(arguments) == ToolOutcome(DEFAULT_ERROR, has_failed=True)


async def test_a_schema_that_is_not_strict_is_taken_at_its_word() -> None:
    assert (await outcome('{"b":1}', OPEN, strict=False)).output == '{"b": 1}'
    assert (await outcome('{"b":1}', OPEN)).has_failed
    assert (await outcome('{"a":null}', OPEN, strict=False)).has_failed
    assert (await outcome('{"a":"1"}', OPEN, strict=False)).has_failed


async def test_the_log_names_places_and_rules_and_not_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await outcome('{"start":{"city":"Bonn","secret":1},"pets":"secret"}')
    assert 'pets: type "integer"' in caplog.text
    assert "start: additionalProperties false" in caplog.text
    assert "secret" not in caplog.text


async def test_a_null_that_is_required_is_given() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/maybe"}},
        "required": ["a"],
        "$defs": {"maybe": {"type": ["integer", "null"]}},
    }
    assert await outcome('{"a":null}', schema) == ToolOutcome('{"a": null}')


async def test_a_reference_to_elsewhere_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[object] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda request, **_: fetched.append(request))
    schema = {"type": "object", "properties": {"a": {"$ref": "http://localhost:1/x.json"}}}
    assert (await outcome('{"a":1}', schema)).has_failed
    assert fetched == []


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"type": "object", "properties": 7}, "tool trip: no JSON Schema"),
        ({"type": "thing"}, "tool trip: no JSON Schema"),
        ({"type": "string"}, 'must have type "object"'),
        ({}, 'must have type "object"'),
    ],
)
def test_what_describes_no_arguments_is_refused(parameters: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        FunctionTool("trip", "", parameters, echo)
