"""Who may ask the admin API, and how what is asked is read.

With tokens every request must bring one, and one that may do what is asked. Without any only this
machine may ask, and no page of a browser on it but our own: a request must name a loopback host, or
a rebound name of somebody else's would do (DNS rebinding), and one that changes something must not
come from the page of another origin, which may post without a body unasked (Fetch: the ``Origin``
header is with every request that is no GET or HEAD; of those ``Sec-Fetch-Site`` tells).

What was to change something is told to the audit log, refused or not, also where we failed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, TypeVar

from aiohttp import ClientError, web
from pydantic import BaseModel, ValidationError
from yarl import URL

from .api_routes import Handler, Route
from .api_tokens import LOCAL, Asker, FailedTokens, Role, Token, asker_of
from .clock import shown_time, unix_time

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024
"""Of a body without files."""

BODY_LIMIT_S = 10.0
"""How long a body may take to come."""

MAX_PATH_CHARS = 200
MAX_AUDITED_CHARS = 1_000
"""Of one text in an entry."""

API_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Of every answer: none is kept, none is taken for a page."""

Body = TypeVar("Body", bound=BaseModel)

_ASKER = web.RequestKey("asker", Asker)
_ASKED: web.RequestKey[dict[str, Any]] = web.RequestKey("asked", dict)
_CALL_ID = web.RequestKey("call_id", str)
_IS_AUDITED = web.RequestKey("is_audited", bool)
_AUDIT: web.RequestKey[Callable[[dict[str, Any]], None]] = web.RequestKey("audit")
_WHY = web.ResponseKey("why", str)
"""What is known of a request, or of an answer, beside HTTP."""


class ApiGuard:
    """Let through who may ask.

    Args:
        bind: Address of the HTTP server.
        tokens: Of those who may ask; none: nobody but this machine.
        audit: Takes an entry for each request that was to change something.
    """

    def __init__(
        self,
        bind: str,
        tokens: Sequence[Token] = (),
        audit: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self._bind, self._tokens, self._audit = bind, tokens, audit
        self._failed = FailedTokens()

    def guarded(self, route: Route) -> Handler:
        """Return the handler of ``route`` for those who may ask."""

        async def handle(request: web.Request) -> web.StreamResponse:
            request[_AUDIT] = self._audit
            refusal = self._refusal(request, route.role)
            response = refusal if refusal is not None else await _handled(route, request)
            if route.role is Role.OPERATE and response.status != 429:
                audit_now(request, response)
            if not response.prepared:
                response.headers.update(API_HEADERS)
            return response

        return handle

    def _refusal(self, request: web.Request, wanted: Role) -> web.Response | None:
        if not self._tokens:
            if is_loopback(self._bind) and is_loopback(request.url.host or ""):
                if wanted is Role.OPERATE and _is_of_another_page(request):
                    return error_response(403, "a page of another origin may change nothing here")
                request[_ASKER] = LOCAL
                return None
            return error_response(403, "without tokens in [http] only this machine may ask")
        source, now = request.remote or "", asyncio.get_running_loop().time()
        if wait_s := self._failed.wait_s(source, now=now):
            again = {"Retry-After": str(ceil(wait_s))}
            return error_response(429, "too many wrong tokens came from there", again)
        header = request.headers.get("Authorization", "")
        asker = asker_of(header, self._tokens)
        if asker is None:
            if header and not is_loopback(source):
                self._failed.failed(source, now=now)
            return error_response(401, "needs a bearer token", {"WWW-Authenticate": "Bearer"})
        request[_ASKER] = asker
        if not asker.role.may(wanted):
            return error_response(403, f'needs a token with the role "{wanted}"')
        return None


async def _handled(route: Route, request: web.Request) -> web.StreamResponse:
    try:
        return await route.handler(request)
    except Exception:
        if route.method == "GET":
            raise  # some of its answer may be on its way
        log.exception("! the API failed at %s %s", route.method, route.path)
        return error_response(500, "this went wrong here; the log says why")


def _is_of_another_page(request: web.Request) -> bool:
    """Tell whether a browser sends ``request`` for a page that we have not served."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
    try:
        page = URL(origin)
    except ValueError:
        return True
    return (page.host, page.port) != (request.url.host, request.url.port)


def asked_by(request: web.Request) -> str:
    """Return who asks: the name of their token."""
    asker: Asker = request.get(_ASKER, LOCAL)
    return asker.name


def audit_now(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the audit log of a request, once: of one whose answer takes long as it begins."""
    if not request.get(_IS_AUDITED, False):
        request[_IS_AUDITED] = True
        request[_AUDIT](_entry(request, response))


def about_call(request: web.Request, call_id: str) -> None:
    """Note which call a request is about, where its path does not say."""
    request[_CALL_ID] = call_id


def _entry(request: web.Request, response: web.StreamResponse) -> dict[str, Any]:
    asker = request.get(_ASKER)
    path_call_id = request.match_info.get("call_id", "")
    return {
        "at": shown_time(unix_time()),
        "by": asker.name if asker is not None else "",
        "source": request.remote or "",
        "method": request.method,
        "path": request.path[:MAX_PATH_CHARS],
        "call_id": request.get(_CALL_ID, path_call_id)[:MAX_PATH_CHARS],
        "what": _cut(request.get(_ASKED, {})),
        "status": response.status,
        "error": response.get(_WHY, ""),
    }


def _cut(value: Any) -> Any:
    """Return what was asked, with long texts cut."""
    match value:
        case str() if len(value) > MAX_AUDITED_CHARS:
            return value[: MAX_AUDITED_CHARS - 1] + "…"
        case dict():
            return {key: _cut(each) for key, each in value.items()}
        case _:
            return value


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` can be nobody but this machine (RFC 6761 section 6.3)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def read_body(
    request: web.Request, model: type[Body], *, max_bytes: int = MAX_BODY_BYTES
) -> Body | str:
    """Return the body of a request, or what is wrong with it."""
    if request.content_type != "application/json":
        return "must be application/json"
    if (request.content_length or 0) > max_bytes:
        return f"is larger than {max_bytes} bytes"
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            async for chunk in request.content.iter_chunked(MAX_BODY_BYTES):
                body += chunk
                if len(body) > max_bytes:
                    return f"is larger than {max_bytes} bytes"
        read = model.model_validate_json(bytes(body))
    except TimeoutError:
        return f"did not come within {BODY_LIMIT_S:g} s"
    except (OSError, ClientError, web.RequestPayloadError):
        return "broke off"
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults
        )
    request[_ASKED] = read.model_dump(mode="json", exclude_defaults=True)
    return read


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None
) -> web.Response:
    """Return the answer to a request that cannot be served."""
    text = json.dumps({"error": {"message": message}})
    response = web.Response(
        status=status, text=text, content_type="application/json", headers=headers
    )
    response[_WHY] = message
    return response
