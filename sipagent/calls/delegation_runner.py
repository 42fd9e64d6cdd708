"""How the backend agent of a plan is reached: its address, its provider, its runner."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sipagent.agents.backend.agent import Agent
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.transports.provider import OpenAIProvider
from sipagent.realtime.endpoint import Endpoint

from .delegation import BackendRun
from .setup import BackendSetup


def backend_run(setup: BackendSetup, endpoint: Endpoint) -> BackendRun:
    """Return what the delegations of one call run on; its provider is to be closed.

    Args:
        setup: Of the plan.
        endpoint: Where the speech model is; lends its address, and what lets us in there.
    """
    base_url = setup.url or api_url(endpoint.url)
    is_lent = not setup.api_key and urlsplit(base_url).netloc == urlsplit(endpoint.url).netloc
    provider = OpenAIProvider(
        base_url=base_url,
        api_key=endpoint.api_key if is_lent else setup.api_key,
        headers=endpoint.headers if is_lent else {},  # a key is for its own host alone
        transport=setup.transport,
    )
    agent = Agent(
        name=setup.name,
        instructions=setup.instructions,
        tools=list(setup.tools),
        model=setup.model,
        prompt=None if setup.prompt is None else dict(setup.prompt),
    )
    return BackendRun(agent, Runner(provider, model=setup.model), provider)


def api_url(realtime_url: str) -> str:
    """Return the base URL of the API that ``ws://host/v1/realtime`` is a part of."""
    bare = re.split(r"[?#]", realtime_url, maxsplit=1)[0].rstrip("/").removesuffix("/realtime")
    return re.sub(r"^ws", "http", bare)
