"""Which MCP tools are offered, and which calls must wait for consent."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.engine.checks import InvalidConfigError
from sipagent.engine.mcp.approval import checked_mcp_tool, is_allowed, needs_approval

READS = {"name": "find", "annotations": {"readOnlyHint": True}}
WRITES = {"name": "lend", "annotations": None}
TOOL = {"type": "mcp", "server_label": "library", "server_url": "http://x/mcp"}


@pytest.mark.parametrize(
    ("allowed", "reads", "writes"),
    [
        (None, True, True),
        (["lend"], False, True),
        ([], False, False),
        ({"tool_names": ["find"]}, True, False),
        ({"read_only": True}, True, False),
        ({"read_only": False}, False, True),
        ({"tool_names": ["lend"], "read_only": True}, False, False),
    ],
)
def test_a_session_may_offer_some_of_a_servers_tools(
    allowed: Any, reads: bool, writes: bool
) -> None:
    tool = {**TOOL, "allowed_tools": allowed}
    assert (is_allowed(tool, READS), is_allowed(tool, WRITES)) == (reads, writes)


@pytest.mark.parametrize(
    ("consent", "reads", "writes"),
    [
        (None, True, True),
        ("always", True, True),
        ("never", False, False),
        ({}, True, True),
        ({"always": {"tool_names": ["lend"]}}, False, True),
        ({"never": {"tool_names": ["find"]}}, False, True),
        ({"never": {"read_only": True}}, False, True),
        ({"never": {"tool_names": ["find"]}, "always": {"tool_names": ["find"]}}, False, True),
    ],
)
def test_a_call_needs_consent_as_the_session_says(consent: Any, reads: bool, writes: bool) -> None:
    tool = {**TOOL, "require_approval": consent}
    assert (needs_approval(tool, READS), needs_approval(tool, WRITES)) == (reads, writes)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"server_label": None}, "tools[0].server_label"),
        ({"server_url": None}, "tools[0].server_url"),
        ({"server_url": 7}, "tools[0].server_url"),
        ({"authorization": 7}, "tools[0].authorization"),
        ({"headers": {"a": 7}}, "tools[0].headers.a"),
        ({"allowed_tools": "find"}, "tools[0].allowed_tools"),
        ({"allowed_tools": ["find", 7]}, "tools[0].allowed_tools[1]"),
        ({"require_approval": "sometimes"}, "tools[0].require_approval"),
        (
            {"require_approval": {"never": {"tool_names": "find"}}},
            "tools[0].require_approval.never.tool_names",
        ),
    ],
)
def test_what_is_wrong_with_a_tool_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        checked_mcp_tool({**TOOL, **change}, "tools[0]")
    assert caught.value.param == param


def test_a_connector_is_a_place_too() -> None:
    checked_mcp_tool({**TOOL, "server_url": None, "connector_id": "connector_x"}, "tools[0]")
