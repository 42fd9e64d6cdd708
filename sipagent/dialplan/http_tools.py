"""HTTP tools of a plan: the request of each call made of its template, asked, and told.

What the model gives is held against ``[tools.parameters]`` before anything is sent. Secrets are
filled in last, and stand in no text that the model or a log gets: a server that repeats what it was
sent shows ``[hidden]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson

from sipagent.agents.http_client import HTTP, HttpRequest
from sipagent.agents.tools import FunctionTool, ToolContext
from sipagent.errors import ToolError
from sipagent.redaction import HIDDEN

from .http_answers import told_answer
from .http_call import HttpCall
from .parameters import checked_arguments, told_schema
from .secrets import Secrets
from .templates import Values, filled_json, filled_line, filled_path, filled_text
from .tools import Tool


def http_tool(tool: Tool, secrets: Secrets) -> FunctionTool:
    """Return ``tool`` ready to be called.

    Args:
        tool: With an ``http`` table.
        secrets: Those that the plan names.
    """
    call = tool.http
    assert call is not None and tool.description is not None

    async def invoke(context: ToolContext, arguments: Mapping[str, Any]) -> str:
        values = Values(arguments, partial(call_variable, context.context), secrets)
        try:
            answer = await HTTP.ask(
                http_request(call, values), timeout_s=call.timeout_s, retries=call.retries
            )
            return _without(secrets, told_answer(call, answer))
        except ToolError as error:
            if call.on_error is None:
                raise
            raise ToolError(str(error), spoken=call.on_error) from None

    return FunctionTool(
        name=tool.name,
        description=tool.description,
        parameters=told_schema(tool.parameters),
        invoke=invoke,
        timeout_s=tool.timeout_s,
        needs_approval=tool.needs_approval,
        parse=partial(checked_arguments, tool.parameters),
    )


def http_request(call: HttpCall, values: Values) -> HttpRequest:
    """Return the request that ``call`` makes with ``values``.

    Raises:
        ToolError: If a value fits nowhere into its path.
    """
    scheme, _, rest = call.url.partition("://")
    server, slash, path = rest.partition("/")
    url = f"{scheme}://{server}/{filled_path(path, values) if slash else ''}"
    query = {
        name: filled_text(each, values) if isinstance(each, str) else _scalar(each)
        for name, each in call.query.items()
    }
    given = {name: each for name, each in query.items() if each is not None}
    if given:
        url = f"{url}?{urlencode(given)}"
    headers = [(name, filled_line(each, values)) for name, each in call.headers.items()]
    named = {name.lower() for name in call.headers}
    if "accept" not in named:
        headers.append(("Accept", "application/json, text/plain;q=0.5"))
    body: bytes | None = None
    if call.body is not None:
        body = orjson.dumps(filled_json(call.body, values))
        if "content-type" not in named:
            headers.append(("Content-Type", "application/json"))
    return HttpRequest(call.method, url, tuple(headers), body)


def call_variable(context: Any, name: str) -> str:
    """Return what a call says of itself, as it came.

    Args:
        context: Of the call, see ``calls.tools.CallContext``.
        name: Of the variable, ``header:`` and ``collected:`` included.
    """
    kind, colon, key = name.partition(":")
    if colon and kind == "header":
        headers = getattr(context, "headers", ())
        return next((value for each, value in headers if each.lower() == key.lower()), "")
    if colon:
        return str(getattr(context, kind, {}).get(key, ""))
    given = getattr(context, "variables", {}).get(name)
    if given is not None:
        return str(given)
    if name in OWN_VARIABLES:
        return str(getattr(context, "words", {}).get(name, ""))
    return str(getattr(context, name, "")) if name in CALL_VARIABLES else ""


CALL_VARIABLES = frozenset(
    {"caller", "caller_name", "called", "asserted_caller", "diverted_from", "call_id"}
)
OWN_VARIABLES = frozenset({"plan", "trunk", "date", "time"})
"""Of which the context has words alone, which nobody else has written."""


def _scalar(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without(secrets: Secrets, text: str) -> str:
    for secret in secrets.values.values():
        text = text.replace(secret, HIDDEN)
    return text
