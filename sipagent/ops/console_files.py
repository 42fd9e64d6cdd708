"""The console's files, as they are in the package: what is served, and under which rules.

Files are read once, at start. The policy lets the page run and fetch what comes from here and
nothing else, and lets no script turn text into markup: arguments of tools come from callers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import ETag, web

INDEX = "index.html"
CONTENT_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src blob:",  # recordings: fetched with a token, played from memory
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",  # or a page around ours could have a click approve something
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Cache-Control": "no-cache",  # kept, and asked for by its ETag
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def console_routes() -> list[web.RouteDef]:
    """Return one route for each file: ``/`` for the page, ``/console/...`` for the others."""
    return [
        web.get("/" if path == INDEX else f"/console/{path}", _serves(path, content))
        for path, content in console_files()
    ]


def console_files() -> Iterator[tuple[str, bytes]]:
    """Return path and content of each file."""
    return _found(files("sipagent.ops") / "console", "")


def _found(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for each in sorted(folder.iterdir(), key=lambda found: found.name):
        if each.is_dir():
            yield from _found(each, f"{prefix}{each.name}/")
        elif each.name.rpartition(".")[2] in CONTENT_TYPES:
            yield prefix + each.name, each.read_bytes()


def _serves(path: str, content: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    etag = hashlib.sha256(content).hexdigest()[:32]
    content_type = CONTENT_TYPES[path.rpartition(".")[2]]

    async def serve(request: web.Request) -> web.Response:
        known = request.if_none_match or ()
        if any(each.value in (etag, "*") for each in known):
            response = web.Response(status=304, headers=HEADERS)
        else:
            response = web.Response(
                body=content, content_type=content_type, charset="utf-8", headers=HEADERS
            )
        response.etag = ETag(etag)
        return response

    return serve
