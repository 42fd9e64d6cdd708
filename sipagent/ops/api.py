"""The admin API: who may ask, and what a person decides.

With a token every request must bring it. Without one only this machine may ask, and no page of a
browser on it: a request must name a loopback host, or a rebound name of somebody else's would do
(DNS rebinding), and a body must be declared as JSON, which a page may not post elsewhere unasked
(Fetch: CORS-preflight).
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from aiohttp import ClientError, web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .api_approvals import Approvals, Fate
from .channel import ApprovalAsked, ApprovalClosed, Closed, Message

log = logging.getLogger(__name__)

APPROVALS = "/api/v1/approvals"
MAX_BODY_BYTES = 16 * 1024
ANSWER_LIMIT_S = 5.0
"""How long the process with the call may take to say whether a decision was in time."""

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]


class Decision(BaseModel):
    """The body of a decision."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    approve: bool
    message: Annotated[str, Field(max_length=1_000)] = ""


class Api:
    """Serve ``/api/v1``.

    Args:
        bind: Address of the HTTP server.
        token: Of whoever may ask; ``""``: nobody but this machine.
        send: Tells a process something; a source is what ``heard`` was given.
    """

    def __init__(self, bind: str, token: str, send: Callable[[Hashable, Message], None]) -> None:
        self._bind, self._token, self._send = bind, token, send
        self._approvals = Approvals()

    def routes(self) -> list[web.RouteDef]:
        """Return what the HTTP server is to serve."""
        return [
            web.get(APPROVALS, self._guarded(self._list)),
            web.post(APPROVALS + "/{approval_id}", self._guarded(self._decide)),
        ]

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process with calls says; ``Closed``: it is gone."""
        match message:
            case ApprovalAsked():
                self._approvals.asked(source, message)
                log.info("call=%s = waits for approval of %s", message.call_id, message.tool)
            case ApprovalClosed():
                self._approvals.closed(message)
            case Closed():
                self._approvals.gone(source)
            case _:
                pass

    # Who may ask.

    def _guarded(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            refusal = self._refusal(request)
            return refusal if refusal is not None else await handler(request)

        return handle

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._token:
            given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if hmac.compare_digest(given, f"Bearer {self._token}".encode()):
                return None
            return _error(401, "needs the bearer token", {"WWW-Authenticate": "Bearer"})
        if is_loopback(self._bind) and is_loopback(request.url.host or ""):
            return None
        return _error(403, "without [http] token only this machine may ask")

    # Approvals.

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"approvals": [_shown(each) for each in self._approvals.open]})

    async def _decide(self, request: web.Request) -> web.Response:
        decision = await _decision(request)
        if isinstance(decision, str):
            return _error(400, decision)
        approval_id = request.match_info["approval_id"]
        fate: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
        found = self._approvals.decide(
            approval_id,
            decision.approve,
            decision.message,
            lambda each: None if fate.done() else fate.set_result(each),
        )
        if isinstance(found, Fate):
            return _fate(approval_id, found, decision)
        source, message = found
        self._send(source, message)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return _fate(approval_id, await fate, decision)
        except TimeoutError:
            return _error(503, "the process with the call does not answer")


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` can be nobody but this machine (RFC 6761 section 6.3)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _decision(request: web.Request) -> Decision | str:
    """Return the decision, or what is wrong with the body."""
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
        return Decision.model_validate_json(bytes(body))
    except (OSError, ClientError, web.RequestPayloadError):
        return "broke off"
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in faults
        )


def _fate(approval_id: str, fate: Fate, decision: Decision) -> web.Response:
    match fate:
        case Fate.TAKEN:
            state = "approved" if decision.approve else "rejected"
            return web.json_response({"id": approval_id, "state": state})
        case Fate.TOO_LATE:
            return _error(409, "is decided already, or nobody waits for it any more")
        case Fate.UNKNOWN:
            return _error(404, "there is no such approval")


def _shown(asked: ApprovalAsked) -> dict[str, Any]:
    asked_at = datetime.fromtimestamp(asked.asked_at, UTC).isoformat(timespec="milliseconds")
    return {
        "id": asked.approval_id,
        "call_id": asked.call_id,
        "plan": asked.plan,
        "agent": asked.agent,
        "tool": asked.tool,
        "arguments": asked.arguments,
        "asked_at": asked_at,
    }


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps({"error": {"message": message}})
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)
