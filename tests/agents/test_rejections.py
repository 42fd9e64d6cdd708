"""How rejections are worded."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.rejections import DEFAULT_REJECTION, rejection_text


def text(message: str | None, formatter: Any) -> str:
    return rejection_text(message, formatter, tool_name="pay", tool_call_id="c", context=None)


def test_the_message_goes_before_the_formatter() -> None:
    assert text("", lambda details: "formatted") == ""


def test_without_either_there_is_a_default() -> None:
    assert text(None, None) == DEFAULT_REJECTION == "Tool execution was not approved."


async def _coroutine(details: Any) -> str:
    return "formatted"


def _fails(details: Any) -> str:
    raise ValueError("mine")


@pytest.mark.parametrize("formatter", [_coroutine, _fails, lambda details: 7, lambda details: None])
def test_a_formatter_that_returns_no_text_is_passed_over(formatter: Any) -> None:
    assert text(None, formatter) == DEFAULT_REJECTION
