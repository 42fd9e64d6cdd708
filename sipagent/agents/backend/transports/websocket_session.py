"""Text agents over WebSockets, for as long as somebody talks to them.

| resource | acquired | released         | on failure                              |
|----------|----------|------------------|-----------------------------------------|
| provider | entered  | left, in any way | told; the sockets are gone all the same |
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sipagent.agents.backend.runner import Runner

from .endpoint import OPENAI_URL, ApiKey
from .options import TransportOptions
from .provider import OpenAIProvider


@dataclass(frozen=True, slots=True)
class ResponsesSession:
    """What runs are made with: ``session.runner.run(agent, ...)``."""

    runner: Runner
    provider: OpenAIProvider
    """For a runner with other options."""


@asynccontextmanager
async def responses_websocket_session(
    *,
    model: str = "",
    base_url: str = OPENAI_URL,
    api_key: ApiKey = "",
    headers: Mapping[str, str] | None = None,
    websocket_base_url: str = "",
    options: TransportOptions | None = None,
) -> AsyncIterator[ResponsesSession]:
    """Yield a runner whose requests share one socket for each model.

    Args:
        model: For agents that name none; others as of ``OpenAIProvider``.

    Raises:
        ConfigError: If an argument is no such thing.
        BackendError: If, at the end, a socket could not be closed.
    """
    provider = OpenAIProvider(
        base_url=base_url,
        api_key=api_key,
        transport="websocket",
        headers=headers,
        websocket_base_url=websocket_base_url,
        options=options,
    )
    async with provider:
        yield ResponsesSession(Runner(provider, model=model), provider)
