"""MCP tools as a session names them: which are offered, and which need somebody's consent. Pure.

Realtime: tools of type ``mcp``.
"""

from __future__ import annotations

from typing import Any

from sipagent.engine.checks import InvalidConfigError, Json, mapping, one_of, sequence, text


def checked_mcp_tool(tool: Json, path: str) -> None:
    """Check a tool of type ``mcp``.

    Raises:
        InvalidConfigError: If a field is wrong.
    """
    text(tool.get("server_label"), f"{path}.server_label")
    places = [key for key in ("server_url", "connector_id") if tool.get(key) is not None]
    if not places:
        missing = "missing_required_parameter"
        raise InvalidConfigError(f"{path}.server_url", "an MCP tool needs a server_url", missing)
    for key in (*places, "server_description", "authorization"):
        if tool.get(key) is not None:
            text(tool[key], f"{path}.{key}")
    for name, value in mapping(tool.get("headers") or {}, f"{path}.headers").items():
        text(value, f"{path}.headers.{name}")
    if isinstance(tool.get("allowed_tools"), list):
        _check_names(tool["allowed_tools"], f"{path}.allowed_tools")
    elif tool.get("allowed_tools") is not None:
        _check_filter(tool["allowed_tools"], f"{path}.allowed_tools")
    consent = tool.get("require_approval")
    if isinstance(consent, dict):
        for key in ("always", "never"):
            if consent.get(key) is not None:
                _check_filter(consent[key], f"{path}.require_approval.{key}")
    elif consent is not None:
        one_of(consent, f"{path}.require_approval", "always", "never")


def is_allowed(tool: Json, listed: Json) -> bool:
    """Tell whether a session offers a tool that its server lists."""
    allowed = tool.get("allowed_tools")
    if isinstance(allowed, list):
        return listed["name"] in allowed
    return allowed is None or _fits(allowed, listed)


def needs_approval(tool: Json, listed: Json) -> bool:
    """Tell whether a call must wait for ``mcp_approval_response``.

    Without a word about it every call must; with only ``always``, no other.
    """
    consent = tool.get("require_approval") or "always"
    if isinstance(consent, str):
        return consent == "always"
    always, never = consent.get("always"), consent.get("never")
    if never is not None and _fits(never, listed):
        return False
    return never is not None or always is None or _fits(always, listed)


def _fits(wanted: Json, listed: Json) -> bool:
    """Tell whether a tool is one of a filter: by its name, and by what it promises not to do."""
    names, read_only = wanted.get("tool_names"), wanted.get("read_only")
    promises = bool((listed.get("annotations") or {}).get("readOnlyHint"))
    return (names is None or listed["name"] in names) and read_only in (None, promises)


def _check_filter(value: Any, path: str) -> None:
    if mapping(value, path).get("tool_names") is not None:
        _check_names(value["tool_names"], f"{path}.tool_names")


def _check_names(value: Any, path: str) -> None:
    for index, name in enumerate(sequence(value, path)):
        text(name, f"{path}[{index}]")
