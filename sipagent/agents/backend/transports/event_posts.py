"""Requests by HTTP whose answers are streams of events.

Nothing is asked again once an event came: the model has been heard. No redirect is followed, since
a key must not travel to where somebody else says.

| resource     | acquired          | released                  | on failure                       |
|--------------|-------------------|---------------------------|----------------------------------|
| HTTP session | the first request | ``close``                 | the request is tried again       |
| answer       | ``opened``        | its end, or that of who   | its connection is closed         |
|              |                   | reads                     |                                  |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import orjson

from sipagent.agents.backend.model import Json
from sipagent.agents.passing import retry_after_s
from sipagent.agents.quoting import said_in_body
from sipagent.agents.refused_body import beginning_of
from sipagent.errors import ModelError, why_not_listening

from .attempting import attempted
from .endpoint import ModelEndpoint, shown
from .options import TransportOptions
from .retries import AttemptFailed
from .sse import ServerSentEvent, SseParser

DRAIN_LIMIT_S = 0.1
"""How long the end of a stream may come after its last event; then its connection is not kept."""

EVENT_STREAM = "text/event-stream"


class EventPosts:
    """Ask one address.

    Args:
        endpoint: Whose address.
        path: Of it, such as ``responses``.
        options: Limits.
    """

    def __init__(self, endpoint: ModelEndpoint, path: str, options: TransportOptions) -> None:
        self._endpoint, self._options = endpoint, options
        self._url = endpoint.http_url(path)
        self.where = shown(self._url)
        """The address, for errors."""
        self._http: aiohttp.ClientSession | None = None
        self._is_closed = False

    @asynccontextmanager
    async def opened(self, body: Json) -> AsyncIterator[EventStream]:
        """Ask, and yield the answer once its first events are here.

        Raises:
            ModelError: If there is none.
        """
        data = encoded(self.where, body)
        now = asyncio.get_running_loop().time
        timeout_s = self._options.timeout_s
        ends_at = None if timeout_s is None else now() + timeout_s
        try:
            async with asyncio.timeout_at(ends_at):
                stream = await attempted(lambda: self._attempt(data, ends_at), self._options)
        except TimeoutError:
            raise ModelError(f"{self.where} did not answer in time") from None
        try:
            yield stream
        finally:
            stream.close()

    async def close(self) -> None:
        """Let go of connections, and of whatever is being read from them."""
        self._is_closed = True
        if self._http is not None:
            await self._http.close()

    async def _attempt(self, data: bytes, ends_at: float | None) -> EventStream | AttemptFailed:
        """Ask once; return how it failed, if it may be asked again.

        Raises:
            ModelError: If there is no key, or it took too long.
        """
        headers = await self._endpoint.entry_headers()
        secrets = self._endpoint.secrets(headers)
        try:
            answer = await self._post(data, headers, ends_at)
            stream = EventStream(self.where, answer, secrets)
            try:
                if answer.status == 200 and answer.content_type == EVENT_STREAM:
                    await stream.begin()
                    return stream
                failed = await self._refused(answer, secrets)
            except BaseException:
                stream.close()
                raise
            stream.close()
            return failed
        except aiohttp.ConnectionTimeoutError:
            text = f"{self.where} cannot be reached in {self._options.connect_timeout_s:g} s"
            return AttemptFailed(ModelError(text))
        except aiohttp.ClientConnectorError as raised:
            reason = why_not_listening(raised.os_error)
            return AttemptFailed(ModelError(f"{self.where} cannot be reached: {reason}"))
        except TimeoutError:
            raise _too_slow(self.where) from None
        except (aiohttp.InvalidURL, ValueError) as raised:  # their texts have the address in them
            kind = type(raised).__name__
            raise ModelError(f"{self.where} cannot be asked: {kind}") from None
        except (aiohttp.ClientError, OSError) as raised:
            return AttemptFailed(_broken_off(self.where, raised))

    async def _post(
        self, data: bytes, headers: Mapping[str, str], ends_at: float | None
    ) -> aiohttp.ClientResponse:
        if self._is_closed:
            raise ModelError(f"{self.where} is not asked any more: we are closed")
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        now = asyncio.get_running_loop().time()
        limits = aiohttp.ClientTimeout(
            total=None if ends_at is None else max(0.001, ends_at - now),
            sock_connect=self._options.connect_timeout_s,
            sock_read=self._options.silence_timeout_s,
        )
        ours = {"Content-Type": "application/json", "Accept": EVENT_STREAM}
        return await self._http.post(
            self._url,
            data=data,
            # A compressed stream would come in heaps.
            headers={**ours, "Accept-Encoding": "identity", **headers},
            allow_redirects=False,
            timeout=limits,
        )

    async def _refused(self, answer: aiohttp.ClientResponse, secrets: list[str]) -> AttemptFailed:
        said = said_in_body(await beginning_of(answer), secrets)
        did = "answered with no stream of events" if answer.ok else "refused the request"
        text = said.after(f"{self.where} {did}")
        error = ModelError(text, status=answer.status, code=said.code)
        return AttemptFailed(error, answer.status, retry_after_s(answer.headers))


class EventStream:
    """The events of one answer; made by :meth:`EventPosts.opened`.

    Args:
        where: It comes from, for errors.
        answer: To be read.
        secrets: Must be in no error.
    """

    def __init__(self, where: str, answer: aiohttp.ClientResponse, secrets: list[str]) -> None:
        self.secrets = secrets
        self._where, self._answer = where, answer
        self._parser = SseParser()
        self._first: list[ServerSentEvent] = []

    async def begin(self) -> None:
        """Wait for the first events.

        Raises:
            TimeoutError, aiohttp.ClientError, OSError: If none came, since the connection failed.
            ModelError: If what came is too long.
        """
        self._first = await self._read()

    async def next_events(self) -> list[ServerSentEvent]:
        """Return the next events, as many as came at once; none at the end of the stream.

        Raises:
            ModelError: If the connection failed, or took too long.
        """
        if self._first:
            first, self._first = self._first, []
            return first
        try:
            return await self._read()
        except TimeoutError:
            raise _too_slow(self._where) from None
        except (aiohttp.ClientError, OSError, RuntimeError) as raised:
            # RuntimeError: we closed the connection ourselves.
            raise _broken_off(self._where, raised) from None

    async def drain(self) -> None:
        """Give the stream the time to end, so that its connection can be used again."""
        try:
            async with asyncio.timeout(DRAIN_LIMIT_S):
                while await self._answer.content.readany():
                    pass
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass  # a new connection, then

    def close(self) -> None:
        """Abort what is left of it; harmless at its end."""
        self._answer.close()

    async def _read(self) -> list[ServerSentEvent]:
        while chunk := await self._answer.content.readany():
            if events := self._parser.feed(chunk):
                return events
        return []


def encoded(where: str, body: Json) -> bytes:
    """Return ``body`` as JSON.

    Raises:
        ModelError: If it is none.
    """
    try:
        return orjson.dumps(body)
    except TypeError as error:
        raise ModelError(f"{where} cannot be asked: {error}") from None


def _too_slow(where: str) -> ModelError:
    return ModelError(f"{where} took too long")


def _broken_off(where: str, raised: Exception) -> ModelError:
    return ModelError(f"{where} broke off: {type(raised).__name__}")
