"""What commands ask of the running appliance, by its API, as whoever may have things done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import aiohttp

from sipagent.config import Config
from sipagent.errors import SipAgentError

ANSWER_LIMIT_S = 10.0

Json: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[..., Awaitable[Json]]
"""Takes a method, a path and maybe a body; returns the answer, or raises ``SipAgentError``."""


@asynccontextmanager
async def asking(config: Config) -> AsyncIterator[Ask]:
    """Ask the appliance of ``config`` until the end of the block.

    Raises:
        SipAgentError: If it is not there, does not answer, or says no.
    """
    where = config.http.url
    tokens = config.http.all_tokens  # who may do most comes first
    async with aiohttp.ClientSession(
        where,
        headers={"Authorization": f"Bearer {tokens[0].secret}"} if tokens else {},
        timeout=aiohttp.ClientTimeout(ANSWER_LIMIT_S),
    ) as session:

        async def ask(method: str, path: str, body: object = None) -> Json:
            async with session.request(method, path, json=body) as response:
                content: Json = await response.json()
                if response.status >= 400:
                    raise SipAgentError(f"{response.status}: {content['error']['message']}")
                return content

        try:
            yield ask
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or "it does not answer"
            raise SipAgentError(f"the appliance at {where} cannot be asked: {why}") from None
