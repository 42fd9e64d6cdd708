"""Hosted MCP: the endpoint itself talks to a server, here one at ``MCP_URL``."""

import asyncio
import os

from sipagent.realtime import (
    OPENAI_URL,
    AgentTranscript,
    Endpoint,
    McpApprovalRequest,
    McpToolCallCompleted,
    McpToolsChanged,
    RealtimeAgent,
    RealtimeSession,
    ToolApprovalRequested,
    hosted_mcp_tool,
)

ENDPOINT = Endpoint(
    os.environ.get("REALTIME_URL", OPENAI_URL),
    model="gpt-realtime",
    api_key=os.environ.get("OPENAI_API_KEY", ""),
)


async def main() -> None:
    library = hosted_mcp_tool(
        "library",
        server_url=os.environ["MCP_URL"],
        allowed_tools=["find_book", "lend"],
        require_approval={"always": {"tool_names": ["find_book"]}},
    )
    session = RealtimeSession(RealtimeAgent("Desk", tools=[library]))
    await session.connect(ENDPOINT)
    try:
        async for event in session.events():
            match event:
                case McpToolsChanged():
                    print("tools:", [tool["name"] for tool in session.available_mcp_tools])
                    await session.send_message('call:find_book {"title": "Emma"}')
                case ToolApprovalRequested(request=McpApprovalRequest() as request):
                    print("approved:", request.name)
                    await session.approve(request)
                case McpToolCallCompleted(item=item):
                    print("output:", item.output)
                case AgentTranscript():
                    print("agent:", event.text)
                    break
    finally:
        await session.close()


asyncio.run(main())
