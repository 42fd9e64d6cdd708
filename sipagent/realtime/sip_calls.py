"""Phone calls at the provider: taken, refused, sent elsewhere or hung up by request.

Realtime: POST /realtime/calls/{call_id}/accept, reject, refer, hangup.

| resource     | acquired          | released | on failure                        |
|--------------|-------------------|----------|-----------------------------------|
| HTTP session | the first request | `close`  | the request is tried again        |

No redirect is followed, since a key must not travel to where somebody else says; and nothing that
lets us in is in an error, though the far end may repeat it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit, urlunsplit

import aiohttp
import orjson

from sipagent.agents.passing import retry_after_s
from sipagent.agents.quoting import said_in_body
from sipagent.agents.refused_body import beginning_of
from sipagent.errors import (
    CallGone,
    ConfigError,
    SessionError,
    SessionRejected,
    SessionTimeout,
    why_not_listening,
)
from sipagent.wire.events import Json

from .attempts import AttemptFailed, AttemptLimits, Attempts
from .endpoint import USER_AGENT, Endpoint, entry_headers

DECLINED = 603
"""RFC 3261 section 21.6.2; what the API takes if it is told none."""

GONE = frozenset({404, 410})
CONFLICT = 409

HTTP_SCHEMES = {"wss": "https", "ws": "http"}


class SipCalls:
    """Decide on calls that the provider's connector has, and end them.

    Every request raises ``CallGone`` if there is no such call any more, ``SessionRejected`` if the
    provider refuses or cannot be reached, and ``SessionTimeout`` if it does not answer in time.
    One that is cancelled may have been heard.

    Args:
        endpoint: Whose calls; its ``url`` is that of its WebSockets.
        timeout_s: What one attempt may take.
        attempts: How many there are.
        total_timeout_s: What all of them may take.

    Raises:
        ConfigError: If that address is none of a WebSocket, or is given as a whole.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float = 5.0,
        attempts: int = 4,
        total_timeout_s: float = 15.0,
    ) -> None:
        self._endpoint = endpoint
        self._address = _address(endpoint)
        self._limits = AttemptLimits(attempts, timeout_s, total_timeout_s)
        self._http: aiohttp.ClientSession | None = None

    async def accept(self, realtime_call_id: str, session: Json) -> None:
        """Answer a call.

        Args:
            realtime_call_id: Of the webhook.
            session: All of it (see ``accept_session``).
        """
        await self._post(realtime_call_id, "accept", session)

    async def reject(self, realtime_call_id: str, status_code: int = DECLINED) -> None:
        """Refuse a call with a SIP status."""
        await self._post(realtime_call_id, "reject", {"status_code": status_code})

    async def refer(self, realtime_call_id: str, target_uri: str) -> None:
        """Send a call elsewhere.

        Args:
            realtime_call_id: Answered or not.
            target_uri: ``tel:`` or ``sip:``.
        """
        await self._post(realtime_call_id, "refer", {"target_uri": target_uri})

    async def hangup(self, realtime_call_id: str) -> None:
        """End a call."""
        await self._post(realtime_call_id, "hangup", None)

    async def close(self) -> None:
        """Let go of connections; harmless when there are none."""
        if self._http is not None:
            await self._http.close()

    async def _post(self, realtime_call_id: str, action: str, body: Json | None) -> None:
        if not realtime_call_id.strip("."):
            raise CallGone(f"{realtime_call_id!r} is no call")  # and would be another address
        path = f"{self._address.path}/calls/{quote(realtime_call_id, safe='')}/{action}"
        request = _Request(action, urlunsplit(self._address._replace(path=path)), body)
        now = asyncio.get_running_loop().time
        attempts = Attempts(self._limits, now=now())
        may_be_done = False
        while (failed := await self._attempt(request, attempts.allowed_s(now=now()))) is not None:
            delay_s = attempts.failed(failed.failure, now=now())
            if delay_s is None:
                if may_be_done and failed.failure.status == CONFLICT:
                    return  # with what was done by an attempt whose answer was lost
                raise failed.error
            may_be_done = may_be_done or failed.may_be_done
            await asyncio.sleep(delay_s)

    async def _attempt(self, request: _Request, allowed_s: float) -> _Failed | None:
        """Ask once; return how it failed, if it may be asked again.

        Raises:
            CallGone: If there is no such call.
            SessionRejected: If there is no key, or nothing that could be sent.
        """
        where = self._endpoint.shown
        try:
            async with asyncio.timeout(allowed_s):
                return await self._ask(request, await entry_headers(self._endpoint))
        except TimeoutError:
            error = SessionTimeout(f"{where} did not answer the {request.action} in time")
            return _Failed(AttemptFailed(), error, may_be_done=True)
        except aiohttp.ClientConnectorError as raised:
            reason = why_not_listening(raised.os_error)
            return _Failed(AttemptFailed(), SessionRejected(f"{where} cannot be reached: {reason}"))
        except (aiohttp.InvalidURL, ValueError) as raised:  # their texts have the address in them
            kind = type(raised).__name__
            raise SessionRejected(f"{where} cannot be asked for a call: {kind}") from None
        except (aiohttp.ClientError, OSError) as raised:
            text = f"{where} broke off the {request.action}: {type(raised).__name__}"
            return _Failed(AttemptFailed(), SessionRejected(text), may_be_done=True)

    async def _ask(self, request: _Request, headers: Mapping[str, str]) -> _Failed | None:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=None)
            )
        body = {} if request.body is None else {"Content-Type": "application/json"}
        async with self._http.post(
            request.url,
            data=None if request.body is None else orjson.dumps(request.body),
            headers={"User-Agent": USER_AGENT, **headers, **body},
            allow_redirects=False,
        ) as answer:
            if 200 <= answer.status < 300:
                return None
            said = said_in_body(await beginning_of(answer), self._secrets(headers))
            failure = AttemptFailed(answer.status, retry_after_s(answer.headers))
        text = f"{self._endpoint.shown} refused the {request.action}"
        text = f"{text}: {said}" if str(said) else text
        if failure.status in GONE:
            raise CallGone(f"{text} (HTTP {failure.status})")
        error = SessionRejected(text, status=failure.status)
        return _Failed(failure, error, may_be_done=failure.status >= 500)

    def _secrets(self, headers: Mapping[str, str]) -> list[str]:
        """Return what must be in no error: headers, key, password and query."""
        values = [*headers.values(), self._address.username or "", self._address.password or ""]
        queried = [value for _, value in parse_qsl(self._address.query)]
        keys = [value.removeprefix("Bearer ") for value in values]
        return [*values, *keys, *queried]


@dataclass(frozen=True, slots=True)
class _Request:
    action: str
    url: str
    body: Json | None


@dataclass(frozen=True, slots=True)
class _Failed:
    failure: AttemptFailed
    error: SessionError
    may_be_done: bool = False
    """Whether the far end may have done it all the same."""


def _address(endpoint: Endpoint) -> SplitResult:
    """Return the address beside which calls are, in the scheme of requests."""
    if endpoint.verbatim_url:
        text = "calls are asked for beside url, and a whole address says nothing of it"
        raise ConfigError(text, where="verbatim_url")
    try:
        parts = urlsplit(endpoint.url)
    except ValueError as error:
        raise ConfigError(str(error), where="url") from None
    if parts.scheme not in HTTP_SCHEMES or not parts.netloc:
        raise ConfigError("must be a WebSocket URL, wss://… or ws://…", where="url")
    scheme = HTTP_SCHEMES[parts.scheme]
    return parts._replace(scheme=scheme, path=parts.path.rstrip("/"))
