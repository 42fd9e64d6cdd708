"""The engine as a client of MCP servers, over streamable HTTP: one connection for each request.

The ``mcp`` package is loaded when the first session names a server; without it, listing fails.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sipagent.engine.checks import Json

if TYPE_CHECKING:
    from mcp import Client

log = logging.getLogger(__name__)

INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call; one of the two."""

    output: str | None = None
    error: Json | None = None
    """As of ``mcp_call.error``."""


def protocol_error(message: str, code: int = INTERNAL_ERROR) -> Outcome:
    """Return the outcome of a call that never reached its tool."""
    return Outcome(error={"type": "protocol_error", "code": code, "message": message})


def tool_error(message: str) -> Outcome:
    """Return the outcome of a tool that failed, or must not run."""
    return Outcome(error={"type": "tool_execution_error", "message": message})


async def listed_tools(server: Json) -> list[Json] | None:
    """Return the tools of a server as the wire tells them, None if it does not tell.

    Args:
        server: The session's tool of type ``mcp``.
    """
    try:
        async with _connected(server) as client:
            tools, cursor = [], None
            while True:
                page = await client.list_tools(cursor=cursor)
                tools += page.tools
                cursor = page.next_cursor
                if cursor is None:
                    break
    except Exception as error:  # whatever is wrong with a server costs its tools alone
        label = server["server_label"]
        log.warning("! no tools of MCP server %s: %s", label, _told(_first(error)))
        return None
    return [
        {
            "name": tool.name,
            "description": tool.description,
            "input_schema": tool.input_schema,
            "annotations": _plain(tool.annotations),
        }
        for tool in tools
    ]


async def called_tool(server: Json, name: str, arguments: str) -> Outcome:
    """Call a tool.

    Args:
        server: The session's tool of type ``mcp``.
        name: Of the tool.
        arguments: JSON.
    """
    try:
        given = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        return protocol_error("the arguments are no JSON object", INVALID_PARAMS)
    try:
        async with _connected(server) as client:
            result = await client.call_tool(name, given)
    except Exception as error:  # whatever is wrong with a server is the outcome
        return _failure(_first(error))
    said = "\n".join(part.text for part in result.content if part.type == "text")
    if result.is_error:
        return tool_error(said or "the tool failed")
    return Outcome(output=said)


@asynccontextmanager
async def _connected(server: Json) -> AsyncIterator[Client]:
    import httpx2  # noqa: PLC0415
    from mcp import Client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    url = server.get("server_url")
    if url is None:
        raise ValueError("connectors are not supported, only a server_url")
    headers = dict(server.get("headers") or {})
    if server.get("authorization"):
        headers["Authorization"] = f"Bearer {server['authorization']}"
    async with (
        httpx2.AsyncClient(headers=headers, timeout=None) as http,  # our callers have limits
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def _failure(error: BaseException) -> Outcome:
    """Return the outcome of a request that failed; of HTTP the package tells a protocol's code."""
    code = getattr(getattr(error, "error", None), "code", INTERNAL_ERROR)
    return protocol_error(_told(error), code)


def _first(error: BaseException) -> BaseException:
    """Return what the groups of a task group are about."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _told(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return "pip install 'sipagent[mcp]'"
    return str(error) or type(error).__name__


def _plain(value: Any) -> Json | None:
    if value is None:
        return None
    plain: Json = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return plain
