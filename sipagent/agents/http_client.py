"""Asks HTTP servers on behalf of tools: within limits, as often as is safe, and never elsewhere.

One client per process, made when the first tool needs it; whoever runs the process closes it.

A request is made again if nothing was sent yet, or if its method may be repeated (RFC 9110 section
9.2.2) and the server was overloaded or gone. A redirect is followed on the same server alone: what
a request carries is for that server. No text of a failure repeats address, headers or answer.

| resource | acquired      | released | on failure                         |
|----------|---------------|----------|------------------------------------|
| client   | first request | ``close``| made again if its loop is another  |
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field, replace
from enum import StrEnum

import aiohttp
from yarl import URL

from sipagent.errors import ToolError

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 256 * 1024
"""Of an answer; what a model can make use of is far shorter."""

MAX_REDIRECTS = 5

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""RFC 9110 section 9.2.2: asking twice does what asking once does."""

_OVERLOADED = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

FIRST_PAUSE_S = 0.2
"""Before a request is made again; twice as long each time."""


class HttpFault(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"


class HttpFailed(ToolError):
    """A server gave no answer.

    Args:
        fault: Why.
        is_unsent: Whether the server cannot have seen the request.
    """

    def __init__(self, fault: HttpFault, *, is_unsent: bool = False) -> None:
        self.fault, self.is_unsent = fault, is_unsent
        super().__init__(f"no answer: {fault}", spoken=_SPOKEN[fault])


_SPOKEN = {
    HttpFault.UNREACHABLE: "The service cannot be reached right now.",
    HttpFault.TIMEOUT: "The service did not answer in time.",
    HttpFault.BROKEN: "The service broke off its answer.",
    HttpFault.TOO_LARGE: "The service gave an answer that is of no use.",
    HttpFault.REDIRECTED: "The service gave an answer that is of no use.",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is asked; everything in it is written as it goes out."""

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a server said."""

    status: int
    content_type: str
    """Without parameters, in small letters."""
    body: bytes = field(repr=False)


class HttpClient:
    """Asks; one per process."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, request: HttpRequest, *, timeout_s: float, retries: int = 0) -> HttpAnswer:
        """Return what the server says. Cancelling it drops the connection.

        Args:
            request: Repeated as it is.
            timeout_s: Of one attempt, redirects and the whole answer included.
            retries: How many more attempts there may be.

        Raises:
            HttpFailed: If there is no answer.
        """
        for attempt in range(retries + 1):
            is_last = attempt == retries
            try:
                answer = await self._attempt(request, timeout_s)
            except HttpFailed as failure:
                may_repeat = failure.is_unsent or request.method in IDEMPOTENT
                is_final = failure.fault in {HttpFault.TOO_LARGE, HttpFault.REDIRECTED}
                if is_last or is_final or not may_repeat:
                    raise
                log.info("! attempt %d: %s", attempt + 1, failure)
            else:
                is_overloaded = answer.status in _OVERLOADED and request.method in IDEMPOTENT
                if is_last or not is_overloaded:
                    return answer
                log.info("! attempt %d: status %d", attempt + 1, answer.status)
            await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Close every connection; harmless without one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _attempt(self, request: HttpRequest, timeout_s: float) -> HttpAnswer:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._followed(request)
        except TimeoutError:
            raise HttpFailed(HttpFault.TIMEOUT) from None
        except aiohttp.ClientConnectorError:  # no route, refused, no such name, certificate
            raise HttpFailed(HttpFault.UNREACHABLE, is_unsent=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:  # their texts name the address
            log.info("! %s", type(error).__name__)
            raise HttpFailed(HttpFault.BROKEN) from None

    async def _followed(self, request: HttpRequest) -> HttpAnswer:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._client().request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
            ) as response:
                if response.status not in _REDIRECTS:
                    body = await _limited(response)
                    kind = response.headers.get("Content-Type", "").partition(";")[0]
                    return HttpAnswer(response.status, kind.strip().lower(), body)
                location = response.headers.get("Location", "")
                request = _redirected(request, response.status, location)
        raise HttpFailed(HttpFault.REDIRECTED)

    def _client(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),  # one caller's cookies are not another's
                timeout=aiohttp.ClientTimeout(total=None),  # each attempt has its own
                headers={"User-Agent": "sipagent", "Accept-Encoding": "identity"},
                trust_env=False,
            )
        return self._session


def _redirected(request: HttpRequest, status: int, location: str) -> HttpRequest:
    """Return what is asked next (RFC 9110 section 15.4).

    Raises:
        HttpFailed: If it would be another server.
    """
    here = URL(request.url, encoded=True)
    there: URL | None = None
    with contextlib.suppress(ValueError):
        there = here.join(URL(location)) if location else None
    if there is None or _server(there) != _server(here):
        raise HttpFailed(HttpFault.REDIRECTED)
    moved = replace(request, url=str(there))
    is_asked_anew = status == 303 or (status in {301, 302} and request.method == "POST")
    if not is_asked_anew or request.method in {"GET", "HEAD"}:
        return moved
    headers = tuple(each for each in request.headers if each[0].lower() != "content-type")
    return replace(moved, method="GET", body=None, headers=headers)


def _server(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    """Return the whole body.

    Raises:
        HttpFailed: If it is longer than any answer of use.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise HttpFailed(HttpFault.TOO_LARGE)
    return bytes(body)


HTTP = HttpClient()
"""Of this process."""
