"""A request of the Responses API, told in the words of Chat Completions. Pure.

Endpoints that have nothing but Chat Completions know few of its fields: only those that a request
needs are sent, and what cannot be said there is an error rather than left out.

Chat Completions API: POST /chat/completions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sipagent.agents.backend.model import Json, ModelRequest
from sipagent.errors import ModelError

UNSAYABLE = ("previous_response_id", "conversation", "prompt")
"""Chat Completions keep nothing."""

UNSAID = frozenset({"instructions", "input", "tools", "text", "reasoning", "include", "truncation"})
"""Told in another way, or without meaning there."""

RENAMED = {"max_output_tokens": "max_tokens"}
"""``max_completion_tokens``, which is newer, is ignored by many endpoints."""

ROLES = {"developer": "system"}
"""Told by names that templates of open models know."""


def chat_body(request: ModelRequest, model: str) -> Json:
    """Return the body of a request to ``model``, or to the one it names.

    Raises:
        ModelError: If it cannot be said.
    """
    body = request.body(stream=True)
    for name in UNSAYABLE:
        if body.get(name):
            raise ModelError(f"chat completions have no {name}")
    told = {RENAMED.get(name, name): each for name, each in body.items() if name not in UNSAID}
    told |= {"model": model} if model else {}
    told["messages"] = _messages(body.get("instructions", ""), body["input"])
    if tools := body.get("tools"):
        told["tools"] = [_tool(tool) for tool in tools]
    if isinstance(choice := body.get("tool_choice"), dict):
        told["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    if effort := (body.get("reasoning") or {}).get("effort"):
        told["reasoning_effort"] = effort
    text = body.get("text") or {}
    if wanted := text.get("format"):
        told["response_format"] = _response_format(wanted)
    if verbosity := text.get("verbosity"):
        told["verbosity"] = verbosity
    return told | {"stream_options": {"include_usage": True}}


def _messages(instructions: str, items: Iterable[Json]) -> list[Json]:
    messages: list[Json] = [{"role": "system", "content": instructions}] if instructions else []
    for item in items:
        match item.get("type", "message"):
            case "message":
                role = str(item.get("role"))
                _say(messages, ROLES.get(role, role), _content(item.get("content"), role))
            case "function_call":
                _calling(messages).append(_call(item))
            case "function_call_output":
                content = _content(item.get("output"), "tool")
                call_id = item.get("call_id")
                messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
            case "reasoning":
                pass  # the model's own, and of no use to it here
            case kind:
                raise ModelError(f"chat completions have no item of type {kind}")
    return messages


def _say(messages: list[Json], role: str, content: Any) -> None:
    last = messages[-1] if messages else {}
    if role == "assistant" and last.get("content", "") is None:
        last["content"] = content  # of the same answer, whose calls came first
    else:
        messages.append({"role": role, "content": content})


def _calling(messages: list[Json]) -> list[Json]:
    """Return the calls of the last message, which is the assistant's; it may have said something.

    Calls of one answer must be in one message, before all their outputs.
    """
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    calls: list[Json] = messages[-1].setdefault("tool_calls", [])
    return calls


def _call(item: Json) -> Json:
    function = {"name": item.get("name"), "arguments": item.get("arguments") or "{}"}
    return {"id": item.get("call_id"), "type": "function", "function": function}


def _content(content: Any, role: str) -> Any:
    """Return a text as long as there is nothing but text: some endpoints take nothing else."""
    if isinstance(content, str):
        return content
    parts = [_part(part) for part in content or ()]
    if role == "user" and any(part["type"] != "text" for part in parts):
        return parts
    return "".join(part.get("text", "") for part in parts)


def _part(part: Json) -> Json:
    match part.get("type"):
        case "input_text" | "output_text" | "text":
            return {"type": "text", "text": part.get("text", "")}
        case "refusal":
            return {"type": "text", "text": part.get("refusal", "")}
        case "input_image" if part.get("image_url"):
            image = {"url": part["image_url"], "detail": part.get("detail") or "auto"}
            return {"type": "image_url", "image_url": image}
        case "input_audio":
            return dict(part)
        case kind:
            raise ModelError(f"chat completions have no content of type {kind}")


def _tool(tool: Json) -> Json:
    if tool.get("type") != "function":
        raise ModelError(f"chat completions have no tool of type {tool.get('type')}")
    known = ("name", "description", "parameters", "strict")
    return {"type": "function", "function": {key: tool[key] for key in known if key in tool}}


def _response_format(wanted: Json) -> Json:
    if wanted.get("type") != "json_schema":
        return wanted
    return {
        "type": "json_schema",
        "json_schema": {key: each for key, each in wanted.items() if key != "type"},
    }
