"""What no route of the API takes is told as everything that goes wrong there: as JSON."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from .api_guard import API_HEADERS, error_response


@web.middleware
async def api_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a path that there is not, and a method that it does not take."""
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        if not request.path.startswith("/api/"):
            raise
        headers = dict(API_HEADERS)
        if isinstance(error, web.HTTPMethodNotAllowed):
            headers["Allow"] = error.headers["Allow"]
            return error_response(405, f"takes no {request.method}", headers)
        return error_response(404, "there is nothing here", headers)
