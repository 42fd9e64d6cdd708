"""Posting a webhook until somebody takes it (Standard Webhooks).

Each attempt is signed anew, with its own timestamp, and carries the same ``webhook-id``: a receiver
that has seen the id knows what it did. Any 2xx is the end of it. Everything else, a redirect too,
is a failure, and the next attempt comes after a pause that doubles.

Runs on the loop; owns nothing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable

import aiohttp

from sipagent.wire.webhook import ID, SIGNATURE, TIMESTAMP, IncomingCall, sign, webhook_body

log = logging.getLogger(__name__)

ATTEMPT_LIMIT_S = 5.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 4.0


def pause_s(failures: int) -> float:
    """Return how long to wait after ``failures`` in a row, one or more. Pure."""
    doublings = min(failures - 1, 16)
    return float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**doublings))


class WebhookSender:
    """Sign and post.

    Args:
        url: Where to.
        shown_url: The same, fit for a log.
        secret: Shared with the receiver.
        http: Open as long as something is sent.
        wall_clock: Returns Unix seconds.
        attempt_limit_s: How long the receiver may take to answer.
        pause: Returns the pause in seconds after so many failures.
    """

    def __init__(
        self,
        url: str,
        shown_url: str,
        secret: str,
        http: aiohttp.ClientSession,
        *,
        wall_clock: Callable[[], float],
        attempt_limit_s: float = ATTEMPT_LIMIT_S,
        pause: Callable[[int], float] = pause_s,
    ) -> None:
        self._url, self._shown_url, self._secret = url, shown_url, secret
        self._http, self._wall_clock = http, wall_clock
        self._limit = aiohttp.ClientTimeout(total=attempt_limit_s)
        self._pause = pause

    async def deliver(self, call: IncomingCall, *, until: asyncio.Event) -> bool:
        """Post a webhook until it is taken; tell whether it was.

        Cancelling cuts an attempt short; ``until`` lets it end, and starts no other: a receiver
        that decides before it answers is not left without its answer.

        Args:
            call: What is told.
            until: Set once nobody waits for the decision any more.
        """
        webhook_id, body = f"wh_{secrets.token_hex(16)}", webhook_body(call)
        failures = 0
        while not until.is_set():
            why = await self._attempt(webhook_id, body)
            if not why:
                return True
            failures += 1
            if failures == 1:
                where = (call.realtime_call_id, self._shown_url)
                log.warning("call=%s ! webhook to %s: %s", *where, why)
            try:
                async with asyncio.timeout(self._pause(failures)):
                    await until.wait()
            except TimeoutError:
                pass
        return False

    async def _attempt(self, webhook_id: str, body: bytes) -> str:
        """Post once; return what went wrong, or nothing."""
        timestamp = int(self._wall_clock())
        headers = {
            "content-type": "application/json",
            "user-agent": "sipagent",
            ID: webhook_id,
            TIMESTAMP: str(timestamp),
            SIGNATURE: sign(self._secret, webhook_id, timestamp, body),
        }
        try:
            async with self._http.post(
                self._url, data=body, headers=headers, timeout=self._limit, allow_redirects=False
            ) as response:
                return "" if 200 <= response.status < 300 else f"HTTP {response.status}"
        except TimeoutError:
            return f"no answer within {self._limit.total:g} s"
        except aiohttp.ClientError as error:
            return str(error) or type(error).__name__
