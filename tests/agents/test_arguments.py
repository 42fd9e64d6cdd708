"""Arguments from the model."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipagent.agents.arguments import canonical_arguments, parse_arguments
from sipagent.agents.tool_errors import ToolArgumentsInvalid

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
).filter(lambda value: "Infinity" not in json.dumps(value))
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=5)


@pytest.mark.parametrize("text", ["", "{}", " { } "])
def test_nothing_is_an_empty_object(text: str) -> None:
    assert parse_arguments(text) == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": NaN}', "not JSON"),
        ('{"a": -Infinity}', "not JSON"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "not JSON", id="long number"),
        pytest.param("[" * 100_000, "not JSON", id="deep"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"{}"', "not a JSON object"),
    ],
)
def test_what_is_no_object_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ToolArgumentsInvalid, match=complaint):
        parse_arguments(text)


@given(OBJECTS)
def test_the_same_arguments_are_the_same_text_however_they_were_written(
    arguments: dict[str, object],
) -> None:
    shuffled = dict(reversed(arguments.items()))
    written = json.dumps(shuffled, indent=2, ensure_ascii=True)
    assert canonical_arguments(written) == canonical_arguments(json.dumps(arguments))


@given(OBJECTS)
def test_canonical_text_still_says_everything(arguments: dict[str, object]) -> None:
    assert parse_arguments(canonical_arguments(json.dumps(arguments))) == arguments


@pytest.mark.parametrize(
    ("one", "other"),
    [('{"a":1}', '{"a":"1"}'), ('{"a":1}', '{"a":true}'), ('{"a":1}', '{"b":1}'), ("{", "{ ")],
)
def test_alike_is_not_the_same(one: str, other: str) -> None:
    assert canonical_arguments(one) != canonical_arguments(other)
