"""Tools of an MCP server that the engine lists and calls itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from .client import Client, Json, connected, words
from .mcp_server import running_mcp_server

FAILED = "mcp_list_tools.failed"
NAMES = ["find_book", "lend", "caller", "ponder"]


@pytest.fixture(scope="module")
def library() -> Iterator[str]:
    """Return the URL of an MCP server."""
    with running_mcp_server() as url:
        yield url


def mcp(url: str, approval: Any = "never", **more: Any) -> Json:
    """Return a session with the library's tools."""
    tool = {"type": "mcp", "server_label": "library", "server_url": url, **more}
    return {"tools": [{**tool, "require_approval": approval}]}


async def listed(client: Client) -> Json:
    """Return the item of tools, once they are known."""
    await client.until("mcp_list_tools.completed")
    item: Json = (await client.until("conversation.item.done"))["item"]
    return item


async def asked(client: Client, text: str) -> tuple[Json, list[str]]:
    """Ask for a call; return its item, and the types of the events of its response."""
    began = len(client.events)
    (item,) = (await client.ask(text))["output"]
    types = [event["type"] for event in client.events[began:]]
    return item, types[types.index("response.created") :]


async def approve(client: Client, request: Json, **answer: Any) -> Json:
    """Answer a request for approval; return the response to that."""
    item = {"type": "mcp_approval_response", "approval_request_id": request["id"], **answer}
    await client.create(item, previous_item_id=request["id"])
    return await client.done()


async def test_a_servers_tools_are_told_as_an_item(engine: str, library: str) -> None:
    async with connected(engine) as client:
        await client.update(**mcp(library))
        added = (await client.until("conversation.item.added"))["item"]
        assert (added["type"], added["tools"]) == ("mcp_list_tools", [])
        await client.until("mcp_list_tools.in_progress", item_id=added["id"])
        item = await listed(client)
        assert (item["id"], item["server_label"]) == (added["id"], "library")
        assert [tool["name"] for tool in item["tools"]] == NAMES
        first = item["tools"][0]
        assert first["description"] == "Find a book."
        assert first["annotations"]["readOnlyHint"] is True
        assert list(first["input_schema"]["properties"]) == ["title"]


async def test_a_server_is_listed_once(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library)) as client:
        await listed(client)
        await client.update(**mcp(library), instructions="Be brief.")
        await client.ask("say:Hello.")
        names = [event["type"] for event in client.events]
        assert names.count("mcp_list_tools.in_progress") == 1


async def test_a_tool_is_called_and_its_output_is_in_the_next_answer(
    engine: str, library: str
) -> None:
    async with connected(engine, **mcp(library)) as client:
        await listed(client)
        item, types = await asked(client, 'call:find_book {"title": "Emma"}')
        assert types == [
            "response.created",
            "rate_limits.updated",
            "response.output_item.added",
            "conversation.item.added",
            "response.mcp_call_arguments.delta",
            "response.mcp_call_arguments.done",
            "response.mcp_call.in_progress",
            "response.mcp_call.completed",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
        ]
        assert (item["type"], item["server_label"]) == ("mcp_call", "library")
        assert (item["arguments"], item["error"]) == ('{"title": "Emma"}', None)
        assert item["output"] == "Emma is on shelf 7"
        await client.send("response.create")
        assert words(await client.done()) == ["Emma is on shelf 7"]


async def test_a_tool_that_fails_is_told_as_failed(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library)) as client:
        await listed(client)
        item, types = await asked(client, 'call:lend {"title": "Emma"}')
        assert "response.mcp_call.failed" in types
        assert item["error"]["type"] == "tool_execution_error"
        assert "Emma is lent already" in item["error"]["message"]
        item, _ = await asked(client, "call:find_book nonsense")
        assert item["error"]["type"] == "protocol_error"


async def test_a_call_that_takes_too_long_can_be_cancelled(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library)) as client:
        await listed(client)
        await client.type_in("call:ponder")
        await client.until("response.mcp_call.in_progress")
        await client.send("response.cancel")
        await client.until("response.mcp_call.failed")
        assert (await client.done())["status"] == "cancelled"


async def test_a_call_waits_for_approval_and_is_made_then(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library, "always")) as client:
        await listed(client)
        request, types = await asked(client, 'call:find_book {"title": "Emma"}')
        assert request["type"] == "mcp_approval_request"
        assert "response.mcp_call.in_progress" not in types
        (call,) = (await approve(client, request, approve=True))["output"]
        assert (call["type"], call["approval_request_id"]) == ("mcp_call", request["id"])
        assert call["output"] == "Emma is on shelf 7"


async def test_a_call_that_is_rejected_is_not_made(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library, "always")) as client:
        await listed(client)
        request, _ = await asked(client, 'call:find_book {"title": "Emma"}')
        (call,) = (await approve(client, request, approve=False, reason="not today"))["output"]
        error = {"type": "tool_execution_error", "message": "not today"}
        assert (call["output"], call["error"]) == (None, error)
        assert "response.mcp_call.completed" not in client.types()
        again = {"type": "mcp_approval_response", "approval_request_id": request["id"]}
        error = await client.error_of("conversation.item.create", item={**again, "approve": True})
        assert error["param"] == "item.approval_request_id"


async def test_what_is_approved_while_the_agent_speaks_is_done_after_that(
    engine: str, library: str
) -> None:
    async with connected(engine, **mcp(library, "always")) as client:
        await listed(client)
        request, _ = await asked(client, 'call:find_book {"title": "Emma"}')
        await client.type_in("long:10")
        await client.until("response.output_audio.delta")
        spoken = await approve(client, request, approve=True)
        await client.send("conversation.item.delete", item_id=request["id"])
        assert words(spoken) == ["1 2 3 4 5 6 7 8 9 10"]
        assert (await client.done())["output"][0]["output"] == "Emma is on shelf 7"


async def test_a_tool_the_session_no_longer_offers_is_not_called(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library, "always")) as client:
        await listed(client)
        request, _ = await asked(client, 'call:find_book {"title": "Emma"}')
        await client.update(tools=[])
        (call,) = (await approve(client, request, approve=True))["output"]
        assert (call["output"], call["error"]["type"]) == (None, "protocol_error")


async def test_a_server_is_shown_what_the_session_says_of_it(engine: str, library: str) -> None:
    secrets = {"authorization": "secret", "headers": {"X-Desk": "3"}}
    async with connected(engine, **mcp(library, **secrets)) as client:
        await listed(client)
        item, _ = await asked(client, "call:caller")
        assert item["output"] == "Bearer secret at desk 3"


async def test_a_function_comes_before_a_servers_tool_of_that_name(
    engine: str, library: str
) -> None:
    session = mcp(library)
    session["tools"].append({"type": "function", "name": "find_book"})
    async with connected(engine, **session) as client:
        await listed(client)
        assert (await asked(client, "call:find_book {}"))[0]["type"] == "function_call"


async def test_only_the_tools_named_need_approval(engine: str, library: str) -> None:
    approval = {"always": {"tool_names": ["lend"]}}
    async with connected(engine, **mcp(library, approval)) as client:
        await listed(client)
        assert (await asked(client, "call:lend {}"))[0]["type"] == "mcp_approval_request"
        assert (await asked(client, "call:find_book {}"))[0]["type"] == "mcp_call"


async def test_a_tool_that_is_not_allowed_is_the_clients_to_run(engine: str, library: str) -> None:
    async with connected(engine, **mcp(library, allowed_tools=["lend"])) as client:
        assert [tool["name"] for tool in (await listed(client))["tools"]] == ["lend"]
        assert (await asked(client, "call:find_book {}"))[0]["type"] == "function_call"


async def test_a_server_that_does_not_answer_costs_its_tools_alone(engine: str) -> None:
    async with connected(engine) as client:
        await client.update(**mcp("http://127.0.0.1:9/mcp"))
        item = (await client.until("conversation.item.added"))["item"]
        await client.until(FAILED, item_id=item["id"])
        assert words(await client.ask("say:Still here.")) == ["Still here."]


async def test_a_server_that_did_not_answer_is_asked_again_by_the_next_update(
    engine: str,
) -> None:
    async with connected(engine) as client:
        for _ in range(2):
            await client.update(**mcp("http://127.0.0.1:9/mcp"))
            await client.until(FAILED)


async def test_a_server_that_answers_something_else_costs_its_tools_alone(
    engine: str, library: str
) -> None:
    async with connected(engine) as client:
        await client.update(**mcp(f"{library}/elsewhere"))
        await client.until(FAILED)
        await client.update(**mcp(library))
        assert [tool["name"] for tool in (await listed(client))["tools"]] == NAMES


async def test_a_session_that_ends_while_a_tool_runs_leaves_nothing_behind(
    engine: str, library: str
) -> None:
    async with asyncio.timeout(10), connected(engine, **mcp(library)) as client:
        await listed(client)
        await client.type_in("call:ponder")
        await client.until("response.mcp_call.in_progress")
