"""What an MCP server answers, as text for the model."""

from __future__ import annotations

from typing import Any

import pytest
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from sipagent.agents.mcp_results import told_result
from sipagent.agents.tool_errors import DEFAULT_ERROR
from sipagent.errors import ToolError


def told(*content: Any, structured: Any = None) -> str:
    blocks = [TextContent(text=each) if isinstance(each, str) else each for each in content]
    return told_result(CallToolResult(content=blocks, structured_content=structured), "x")


def test_texts_are_joined_by_lines() -> None:
    assert told("one", "two") == "one\ntwo"


def test_structured_content_is_json() -> None:
    assert told(structured={"sky": "blü"}) == '{"sky": "blü"}'


def test_structured_content_follows_a_text_that_says_something_else() -> None:
    assert told("Fine weather.", structured={"sky": "blue"}) == 'Fine weather.\n{"sky": "blue"}'


@pytest.mark.parametrize(
    ("content", "structured"),
    [
        (['{"sky":  "blue"}'], {"sky": "blue"}),
        (["blue"], {"result": "blue"}),
        (["5"], {"result": 5}),
        (["5"], {"result": "5"}),
        (["a", "b"], {"result": ["a", "b"]}),
        (["1", "2"], {"result": [1, 2]}),
    ],
)
def test_what_a_text_says_already_is_not_repeated(content: list[str], structured: Any) -> None:
    assert told(*content, structured=structured) == "\n".join(content)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (ImageContent(data="cmVk", mime_type="image/png"), "[image, image/png]"),
        (AudioContent(data="cmVk", mime_type="audio/wav"), "[audio, audio/wav]"),
        (
            ResourceLink(uri="file:///menu", name="menu", description="Of today."),
            "[resource file:///menu, menu: Of today.]",
        ),
        (ResourceLink(uri="file:///menu", name="menu"), "[resource file:///menu, menu]"),
        (
            EmbeddedResource(resource=TextResourceContents(uri="file:///menu", text="Soup.")),
            "Soup.",
        ),
        (
            EmbeddedResource(
                resource=BlobResourceContents(uri="file:///x", blob="cmVk", mime_type="image/png")
            ),
            "[resource file:///x, image/png]",
        ),
    ],
)
def test_what_is_no_text_is_described(block: Any, text: str) -> None:
    assert told("Look:", block) == f"Look:\n{text}"


@pytest.mark.parametrize(("said", "spoken"), [("No soup left.", None), ("", DEFAULT_ERROR)])
def test_a_tool_that_failed_is_an_error_the_model_is_told(said: str, spoken: str | None) -> None:
    content: list[Any] = [TextContent(text=said)] if said else []
    with pytest.raises(ToolError, match=r"^soup of kitchen reports an error$") as caught:
        told_result(CallToolResult(content=content, is_error=True), "soup of kitchen")
    assert caught.value.spoken == (spoken or said)
