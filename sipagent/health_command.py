"""``sipagent health``: whether the running appliance lives, or would take a call.

For health checks of containers and orchestrators, where there is no ``curl``.
"""

from __future__ import annotations

import sys

import aiohttp

from sipagent.config import Config
from sipagent.errors import SipAgentError

ANSWER_LIMIT_S = 5.0
WELL, NOT_WELL = 0, 1


async def look(config: Config, *, is_ready_wanted: bool) -> int:
    """Print what the appliance says of itself; return the exit status.

    Raises:
        SipAgentError: If it cannot be asked.
    """
    path = "/readyz" if is_ready_wanted else "/healthz"
    url = config.http.url
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_LIMIT_S)) as session,
            session.get(url + path) as answer,
        ):
            text = await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SipAgentError(f"no appliance answers at {url}: {error or 'too slow'}") from None
    sys.stdout.write(text.rstrip("\n") + "\n")
    return WELL if answer.ok else NOT_WELL
