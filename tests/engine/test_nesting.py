"""How deep what a client sends may be nested."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.nesting import is_too_deep


def nested(levels: int, value: Any = "x") -> Any:
    for level in range(levels):
        value = [1, value] if level % 2 else {"a": value, "b": 1}
    return value


@pytest.mark.parametrize("value", ["x", 7, None, nested(3), nested(2, {}), [nested(2), nested(2)]])
def test_as_deep_as_allowed_is_fine(value: Any) -> None:
    assert not is_too_deep(value, 3)


@pytest.mark.parametrize(
    "value", [nested(4), nested(3, []), [1, nested(3)], {"a": 1, "b": nested(3)}]
)
def test_one_more_is_too_deep_wherever_it_is(value: Any) -> None:
    assert is_too_deep(value, 3)


def test_what_could_not_be_walked_to_its_end_is_told_as_well() -> None:
    assert is_too_deep(nested(100_000))
