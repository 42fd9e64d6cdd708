"""What is wrong with an HTTP request, told as the API tells it: a JSON object ``error``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from sipagent.errors import CallGone

from .call_state import CallConflictError
from .checks import InvalidConfigError
from .client_secrets import UnknownSecretError
from .nesting import is_too_deep


def error_response(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> web.Response:
    """Return an error."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return web.json_response({"error": error}, status=status)


@web.middleware
async def errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer what a handler refuses with an error object."""
    try:
        return await handler(request)
    except InvalidConfigError as error:
        return error_response(400, str(error), code=error.code, param=error.param)
    except UnknownSecretError:
        text = "the client secret is unknown or has expired"
        return error_response(401, text, code="invalid_api_key")
    except CallGone as error:
        return error_response(404, str(error), code="call_not_found", param="call_id")
    except CallConflictError as error:
        return error_response(409, str(error), code="call_conflict", param="call_id")
    except web.HTTPNotFound:
        text = f"unknown path {request.method} {request.path}"
        return error_response(404, text, code="unknown_url")
    except web.HTTPException as error:
        return error_response(error.status, error.reason)


async def json_of(request: web.Request) -> Any:
    """Return the body of a request; one without is an empty object.

    Raises:
        InvalidConfigError: If it is no JSON, or nested too deeply.
    """
    try:
        body = await request.json(loads=orjson.loads) if request.can_read_body else {}
    except ValueError:
        raise InvalidConfigError("body", "the body is not JSON") from None
    if is_too_deep(body):
        raise InvalidConfigError("body", "the body is nested too deeply")
    return body
