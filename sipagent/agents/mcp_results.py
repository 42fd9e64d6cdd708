"""What an MCP server answers, as text for the model. Pure.

Text goes as it is; structured content as JSON, unless a text says the same already, as servers are
asked to do for older clients; what is no text is described, since a model on the phone cannot look.

MCP: tools/call.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sipagent.errors import ToolError

from .tool_errors import DEFAULT_ERROR

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock


def told_result(result: CallToolResult, where: str) -> str:
    """Return what the model is told of ``result``.

    Args:
        result: Of a call.
        where: Server and tool, for the log.

    Raises:
        ToolError: If the tool says that it failed; ``spoken`` is what it says of it.
    """
    parts = [_told(block) for block in result.content]
    if result.is_error:
        raise ToolError(f"{where} reports an error", spoken="\n".join(parts) or DEFAULT_ERROR)
    texts = [block.text for block in result.content if block.type == "text"]
    if result.structured_content is not None and not _says(texts, result.structured_content):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return "\n".join(parts)


def _says(texts: list[str], structured: Any) -> bool:
    """Tell whether ``texts`` say what is structured; what is no object is wrapped in one."""
    is_wrapped = isinstance(structured, dict) and structured.keys() == {"result"}
    wanted = [structured, structured["result"]] if is_wrapped else [structured]
    meant = [_parsed(text) for text in texts]
    return any(each in (*texts, *meant, texts, meant) for each in wanted)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _told(block: ContentBlock) -> str:
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            return f"[{block.type}, {block.mime_type}]"
        case "resource_link":
            about = ": ".join(each for each in (block.name, block.description) if each)
            return f"[resource {block.uri}, {about}]"
        case "resource":
            held = block.resource
            text: str | None = getattr(held, "text", None)
            return f"[resource {held.uri}, {held.mime_type}]" if text is None else text
