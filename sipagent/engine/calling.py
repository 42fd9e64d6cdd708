"""The calls of a response: functions the client runs, and MCP tools the engine runs itself.

An MCP tool that needs consent is only asked for; it is called once the client has agreed.
Realtime: ``response.function_call_arguments.*``, ``response.mcp_call.*``.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from sipagent.wire import server

from .brain.brain import FunctionCall
from .checks import Json
from .mcp.client import Outcome, called_tool, protocol_error, tool_error
from .mcp.tools import McpTool, McpTools
from .output import Output

CALL_LIMIT_S = 30.0

REJECTED = "The tool call was not approved."


class Calling:
    """Make the calls of one response.

    Args:
        output: Where they go.
        tools: In effect for it.
        mcp: Tools of servers.
    """

    def __init__(self, output: Output, tools: list[Json], mcp: McpTools) -> None:
        self._output, self._tools, self._mcp = output, tools, mcp

    async def call(self, call: FunctionCall) -> None:
        """Make a call, or ask for it."""
        if not self._output.spend(chars=len(call.arguments)):
            return
        tool = self._mcp.find(self._tools, call.name)
        if tool is None:
            await self._function_call(call)
        elif tool.needs_approval:
            await self._approval_request(tool, call)
        else:
            await self._mcp_call(tool, tool.server["server_label"], call)

    async def settle(self, request: Json, response: Json) -> None:
        """Do what an approval request was about, or tell that it must not be done.

        Args:
            request: The ``mcp_approval_request``.
            response: The ``mcp_approval_response``.
        """
        label = request["server_label"]
        call = FunctionCall(request["name"], request["arguments"])
        tool = self._mcp.find(self._tools, call.name, label)
        refusal = None
        if not response["approve"]:
            refusal = tool_error(response.get("reason") or REJECTED)
        await self._mcp_call(tool, label, call, request_id=request["id"], outcome=refusal)

    async def _function_call(self, call: FunctionCall) -> None:
        item: Json = {
            "id": f"item_{token_hex(10)}",
            "object": "realtime.item",
            "type": "function_call",
            "status": "in_progress",
            "call_id": f"call_{token_hex(8)}",
            "name": call.name,
            "arguments": "",
        }
        at = await self._output.open(item)
        where = {**self._output.where(item, at), "call_id": item["call_id"]}
        send = self._output.send
        await send(server.ResponseFunctionCallArgumentsDelta(**where, delta=call.arguments))
        await send(
            server.ResponseFunctionCallArgumentsDone(
                **where, name=call.name, arguments=call.arguments
            )
        )
        item["arguments"] = call.arguments
        await self._output.close(item, at, is_whole=True)

    async def _approval_request(self, tool: McpTool, call: FunctionCall) -> None:
        item: Json = {
            "id": f"mcpr_{token_hex(10)}",
            "object": "realtime.item",
            "type": "mcp_approval_request",
            "status": "in_progress",
            "server_label": tool.server["server_label"],
            "name": call.name,
            "arguments": call.arguments,
        }
        at = await self._output.open(item)
        await self._output.close(item, at, is_whole=True)

    async def _mcp_call(
        self,
        tool: McpTool | None,
        label: str,
        call: FunctionCall,
        *,
        request_id: str | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        item: Json = {
            "id": f"mcp_{token_hex(10)}",
            "object": "realtime.item",
            "type": "mcp_call",
            "status": "in_progress",
            "server_label": label,
            "name": call.name,
            "arguments": "",
            "approval_request_id": request_id,
            "output": None,
            "error": None,
        }
        at = await self._output.open(item)
        where, send = self._output.where(item, at), self._output.send
        delta = server.ResponseMcpCallArgumentsDelta(**where, delta=call.arguments, obfuscation="")
        await send(delta)  # the JavaScript SDK does not read it without ``obfuscation``
        await send(server.ResponseMcpCallArgumentsDone(**where, arguments=call.arguments))
        item["arguments"] = call.arguments
        place: dict[str, Any] = {"item_id": item["id"], "output_index": at}
        await send(server.ResponseMcpCallInProgress(**place))
        outcome = outcome or await self._outcome(tool, call)
        item |= {"output": outcome.output, "error": outcome.error}
        is_done = outcome.error is None
        event = server.ResponseMcpCallCompleted if is_done else server.ResponseMcpCallFailed
        await send(event(**place))
        await self._output.close(item, at, is_whole=True)

    async def _outcome(self, tool: McpTool | None, call: FunctionCall) -> Outcome:
        if tool is None:
            return protocol_error("the session does not offer this tool any more")
        try:
            async with self._output.limit(CALL_LIMIT_S):
                return await called_tool(tool.server, call.name, call.arguments)
        except TimeoutError:
            return tool_error("the call was given up")
