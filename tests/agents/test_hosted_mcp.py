"""MCP servers the endpoint talks to, as an agent declares them."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.hosted_mcp import HostedMcpTool, hosted_mcp_tool
from sipagent.agents.resolving import resolve
from sipagent.agents.tools import function_tool
from sipagent.errors import ConfigError

URL = "https://shop.example/mcp"


def shop(**options: Any) -> HostedMcpTool:
    return hosted_mcp_tool("shop", server_url=URL, **options)


def test_only_what_was_said_of_a_server_is_on_the_wire() -> None:
    assert shop().to_wire() == {
        "type": "mcp",
        "server_label": "shop",
        "server_url": URL,
        "require_approval": "never",
    }


def test_everything_that_was_said_of_a_server_is_on_the_wire() -> None:
    approval = {"never": {"tool_names": ["look"]}, "always": {"tool_names": ["buy"]}}
    said: dict[str, Any] = {
        "connector_id": "connector_gmail",
        "server_description": "Mail.",
        "authorization": "secret",
        "headers": {"x-store": "7"},
        "allowed_tools": ["look", "buy"],
        "require_approval": approval,
    }
    assert hosted_mcp_tool("mail", **said).to_wire() == {
        "type": "mcp",
        "server_label": "mail",
        **said,
    }


@pytest.mark.parametrize("allowed", [["look"], ("look",), {"tool_names": ["look"]}])
def test_an_agent_has_the_tools_it_is_allowed(allowed: Any) -> None:
    tool = shop(allowed_tools=allowed)
    assert tool.allows("look")
    assert not tool.allows("buy")


@pytest.mark.parametrize("allowed", [None, {"read_only": True}, {}])
def test_an_agent_has_all_tools_where_none_are_named(allowed: Any) -> None:
    assert shop(allowed_tools=allowed).allows("buy")


def test_an_agent_has_no_tool_where_an_empty_list_is_named() -> None:
    assert not shop(allowed_tools=[]).allows("buy")


@pytest.mark.parametrize(
    ("label", "options", "fault"),
    [
        ("", {"server_url": URL}, "label"),
        ("shop", {}, "either server_url or connector_id"),
        ("shop", {"server_url": URL, "connector_id": "c"}, "either server_url or connector_id"),
        ("shop", {"server_url": URL, "require_approval": "sometimes"}, "require_approval"),
    ],
)
def test_what_cannot_be_is_refused_by_name(label: str, options: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault) as caught:
        hosted_mcp_tool(label, **options)
    assert label in str(caught.value)


async def test_an_agents_servers_are_tools_of_the_wire_and_none_it_runs() -> None:
    own = function_tool(lambda: None, name="own")
    agent = RealtimeAgent("Guide", "", [shop(), own], [RealtimeAgent("Billing")])
    resolved = await resolve(agent, None)
    assert [tool.name for tool in resolved.tools] == ["own"]
    assert [server.server_label for server in resolved.mcp_servers] == ["shop"]
    names = [tool.get("name", tool.get("server_label")) for tool in resolved.wire_tools()]
    assert names == ["own", "shop", "transfer_to_billing"]
    assert resolved.find("shop") is None


def test_a_server_is_named_by_its_label() -> None:
    assert shop().name == "shop"
