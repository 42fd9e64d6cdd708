"""Playbooks of MCP servers the endpoint talks to: tools, calls, and requests for approval."""

from __future__ import annotations

from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.hosted_mcp import HostedMcpTool, hosted_mcp_tool
from sipagent.realtime import events
from sipagent.realtime.conversation_events import (
    McpToolCallCompleted,
    McpToolsChanged,
    ToolApprovalRequested,
)
from sipagent.realtime.history_items import McpApprovalRequest, McpCall
from sipagent.realtime.options import SessionOptions

from .playbook import PCMU, Playbook, Wire, created, done, resolved

SHOP = hosted_mcp_tool("shop", server_url="https://shop.example", allowed_tools=["buy", "look"])
MAPS = hosted_mcp_tool("maps", server_url="https://maps.example")


def guide(*servers: HostedMcpTool, name: str = "Guide") -> RealtimeAgent:
    return RealtimeAgent(name, tools=[*servers])


def shopping(**options: Any) -> Playbook:
    """Return a session of an agent with two servers."""
    return Playbook(guide(SHOP, MAPS), SessionOptions(PCMU, PCMU, **options))


def item_done(item: Wire) -> Wire:
    return {"type": "conversation.item.done", "item": item}


def listed(label: str, *names: str) -> Wire:
    tools = [{"name": name, "input_schema": {}} for name in names]
    item = {"id": f"list_{label}", "type": "mcp_list_tools", "server_label": label, "tools": tools}
    return item_done(item)


def mcp_call(item_id: str = "mcp_1", **more: object) -> Wire:
    item = {"id": item_id, "type": "mcp_call", "server_label": "shop", "name": "buy"}
    return item_done({**item, "arguments": "{}", **more})


def asks(item_id: str = "ask_1") -> Wire:
    item = {"id": item_id, "type": "mcp_approval_request", "server_label": "shop", "name": "buy"}
    return item_done({**item, "arguments": '{"what":"tea"}'})


def changes(told: list[events.SessionEvent]) -> list[list[str]]:
    """Return the names of each change of the tools that was told."""
    changed = [event for event in told if isinstance(event, McpToolsChanged)]
    return [[str(tool["name"]) for tool in event.tools] for event in changed]


def request(book: Playbook) -> McpApprovalRequest:
    """Let the endpoint ask; return what it asks."""
    (told,) = [each for each in book.hears_all(asks()) if isinstance(each, ToolApprovalRequested)]
    assert isinstance(told.request, McpApprovalRequest)
    return told.request


def decide(book: Playbook, asked: McpApprovalRequest, reason: str | None = None) -> None:
    book.core.mcp.decide(asked, is_approved=reason is None, reason=reason, now=book.now)


def test_servers_are_tools_of_the_session() -> None:
    (update,) = shopping().opening
    assert [tool["server_label"] for tool in update["session"]["tools"]] == ["shop", "maps"]


def test_tools_are_those_the_agent_is_allowed() -> None:
    book = shopping()
    told = book.hears_all(listed("shop", "buy", "sell", "look"))
    assert changes(told) == [["buy", "look"]]
    assert [tool["name"] for tool in book.core.mcp.available] == ["buy", "look"]


def test_of_tools_with_one_name_the_first_servers_counts() -> None:
    book = shopping()
    of_maps = listed("maps", "look", "route")
    of_maps["item"]["tools"][0]["description"] = "Of the maps."
    of_shop = listed("shop", "look")
    of_shop["item"]["tools"][0]["description"] = "Of the shop."
    book.hears(of_maps, of_shop)
    look, route = book.core.mcp.available
    assert (look["description"], route["name"]) == ("Of the shop.", "route")


def test_a_list_with_the_same_names_is_not_told() -> None:
    book = shopping()
    book.hears(listed("shop", "buy", "look"))
    assert changes(book.hears_all(listed("shop", "look", "buy"))) == []
    assert changes(book.hears_all(listed("shop", "buy"))) == [["buy"]]


def test_servers_of_other_agents_give_no_tools() -> None:
    assert changes(shopping().hears_all(listed("bank", "pay"))) == []


def test_another_agent_has_the_tools_of_its_own_servers() -> None:
    book = shopping()
    book.hears(listed("shop", "buy"), listed("maps", "route"))
    book.core.update_agent(resolved(guide(MAPS, name="Pilot")), now=book.now)
    assert changes(book.core.out.take_events()) == [["route"]]
    book.core.update_agent(resolved(guide(MAPS, name="Sailor")), now=book.now)
    assert changes(book.core.out.take_events()) == []


def test_lists_are_no_part_of_the_history() -> None:
    book = shopping()
    told = book.hears_all(listed("shop", "buy"))
    assert [event.NAME for event in told] == ["mcp_tools_changed"]
    assert book.core.history.items == []


@pytest.mark.parametrize("kind", ["mcp_list_tools", "response.mcp_call"])
def test_what_is_in_progress_is_asked_for(kind: str) -> None:
    book = shopping()
    book.hears({"type": f"{kind}.in_progress", "item_id": "item_9", "output_index": 0})
    assert book.sent() == [{"type": "conversation.item.retrieve", "item_id": "item_9"}]


def test_a_list_that_failed_ends_nothing() -> None:
    book = shopping()
    assert book.hears({"type": "mcp_list_tools.failed", "item_id": "item_9"}) == []
    assert book.sent() == []


@pytest.mark.parametrize("ending", [{"output": "tea"}, {"error": {"type": "http_error"}}])
def test_a_call_that_ended_is_told_and_the_model_goes_on(ending: Wire) -> None:
    book = shopping()
    book.hears(created())
    (told,) = [
        each
        for each in book.hears_all(mcp_call(**ending))
        if isinstance(each, McpToolCallCompleted)
    ]
    assert (told.agent.name, told.item.name, told.item.output) == (
        "Guide",
        "buy",
        ending.get("output"),
    )
    assert book.sent() == []
    book.hears(done())
    assert book.sent_types() == ["response.create"]


def test_a_call_that_ended_is_told_once() -> None:
    book = shopping()
    book.hears(mcp_call(output="tea"))
    book.sent()
    assert book.hears_all(mcp_call(output="tea")) == []
    assert book.sent() == []


def test_a_call_under_way_is_only_in_the_history() -> None:
    book = shopping()
    told = book.hears_all(mcp_call(status="in_progress"))
    assert [event.NAME for event in told] == ["history_added", "history_updated"]
    (item,) = book.core.history.items
    assert isinstance(item, McpCall)
    assert book.sent() == []


def test_the_model_goes_on_only_where_it_is_wanted() -> None:
    book = shopping(automatically_trigger_response_for_mcp_tool_calls=False)
    told = book.hears_all(mcp_call(output="tea"))
    assert McpToolCallCompleted.NAME in [event.NAME for event in told]
    assert book.sent() == []


def test_an_approval_is_sent_after_what_was_asked() -> None:
    book = shopping()
    asked = request(book)
    assert (asked.server_label, asked.name) == ("shop", "buy")
    assert list(book.core.mcp.pending_approvals) == [asked]
    decide(book, asked)
    item = {"type": "mcp_approval_response", "approval_request_id": "ask_1", "approve": True}
    expected = {"type": "conversation.item.create", "item": item, "previous_item_id": "ask_1"}
    assert book.sent() == [expected]
    assert list(book.core.mcp.pending_approvals) == []


def test_a_rejection_says_why() -> None:
    book = shopping()
    decide(book, request(book), "Too dear.")
    (sent,) = book.sent()
    assert (sent["item"]["approve"], sent["item"]["reason"]) == (False, "Too dear.")


def test_a_request_is_decided_on_once() -> None:
    book = shopping()
    asked = request(book)
    decide(book, asked)
    book.sent()
    decide(book, asked, "No.")
    (told,) = book.told()
    assert isinstance(told, events.SessionErrorReported)
    assert told.code == "approval_unknown"
    assert book.sent() == []


def test_a_request_told_again_is_not_asked_again() -> None:
    book = shopping()
    decide(book, request(book))
    assert book.hears_all(asks()) == []
    assert book.core.mcp.pending_approvals == ()


def test_a_request_and_its_answer_are_in_the_history() -> None:
    book = shopping()
    decide(book, request(book))
    item = book.sent()[0]["item"]
    book.hears(item_done({**item, "id": "answer_1"}))
    (told,) = book.core.history.items
    assert isinstance(told, McpApprovalRequest)
    assert told.approved is True
