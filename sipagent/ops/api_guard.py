"""Who may ask the admin API, and how what is asked is read.

With a token every request must bring it. Without one only this machine may ask, and no page of a
browser on it: a request must name a loopback host, or a rebound name of somebody else's would do
(DNS rebinding), and a body must be declared as JSON, which a page may not post elsewhere unasked
(Fetch: CORS-preflight).
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from aiohttp import ClientError, web
from pydantic import BaseModel, ValidationError

MAX_BODY_BYTES = 16 * 1024

API_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Of every answer: none is kept, none is taken for a page."""

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body", bound=BaseModel)


class ApiGuard:
    """Let through who may ask.

    Args:
        bind: Address of the HTTP server.
        token: Of whoever may ask; ``""``: nobody but this machine.
    """

    def __init__(self, bind: str, token: str) -> None:
        self._bind, self._token = bind, token

    def guarded(self, handler: Handler) -> Handler:
        """Return ``handler`` for those who may ask."""

        async def handle(request: web.Request) -> web.StreamResponse:
            refusal = self._refusal(request)
            response = refusal if refusal is not None else await handler(request)
            if not response.prepared:
                response.headers.update(API_HEADERS)
            return response

        return handle

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._token:
            given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if hmac.compare_digest(given, f"Bearer {self._token}".encode()):
                return None
            return error_response(401, "needs the bearer token", {"WWW-Authenticate": "Bearer"})
        if is_loopback(self._bind) and is_loopback(request.url.host or ""):
            return None
        return error_response(403, "without [http] token only this machine may ask")


def asked_by(request: web.Request) -> str:
    """Return who asks: the name of their token."""
    return "token" if request.headers.get("Authorization") else "local"


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` can be nobody but this machine (RFC 6761 section 6.3)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def read_body(request: web.Request, model: type[Body]) -> Body | str:
    """Return the body of a request, or what is wrong with it."""
    if request.content_type != "application/json":
        return "must be application/json"
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return f"is larger than {MAX_BODY_BYTES} bytes"
    body = bytearray()
    try:
        async for chunk in request.content.iter_chunked(MAX_BODY_BYTES):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return f"is larger than {MAX_BODY_BYTES} bytes"
        return model.model_validate_json(bytes(body))
    except (OSError, ClientError, web.RequestPayloadError):
        return "broke off"
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults
        )


def error_response(
    status: int, message: str, headers: dict[str, str] | None = None
) -> web.Response:
    """Return the answer to a request that cannot be served."""
    text = json.dumps({"error": {"message": message}})
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)
