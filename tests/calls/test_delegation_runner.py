"""What lets us in at the speech model is lent to a backend at the same host, and to no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from sipagent.agents.backend.agent import Agent
from sipagent.calls.delegation_runner import backend_run
from sipagent.calls.setup import BackendSetup
from sipagent.errors import BackendError
from sipagent.realtime.endpoint import Endpoint


@asynccontextmanager
async def far_end(seen: list[Mapping[str, str]]) -> AsyncIterator[str]:
    """Run an endpoint that refuses everybody; yield where it is."""

    async def refuse(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.json_response({"error": {"message": "no"}}, status=403)

    app = web.Application()
    app.router.add_post("/v1/responses", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def asked(setup: BackendSetup, endpoint: Endpoint) -> None:
    run = backend_run(setup, endpoint)
    try:
        with pytest.raises(BackendError):
            await run.runner.run_to_end(Agent("A", model="m"), "Hello.")
    finally:
        await run.provider.close()


@pytest.mark.parametrize("is_named", [False, True])
async def test_the_speech_models_key_is_lent_at_its_host(is_named: bool) -> None:
    seen: list[Mapping[str, str]] = []
    async with far_end(seen) as where:
        url = f"http://{where}/v1" if is_named else ""
        endpoint = Endpoint(f"ws://{where}/v1/realtime", api_key="sk-speech")
        await asked(BackendSetup("Office", "", "m", url=url), endpoint)
    assert [headers["Authorization"] for headers in seen] == ["Bearer sk-speech"]


async def test_headers_are_lent_in_place_of_a_key() -> None:
    seen: list[Mapping[str, str]] = []
    async with far_end(seen) as where:
        endpoint = Endpoint(f"ws://{where}/v1/realtime", headers={"api-key": "azure"})
        await asked(BackendSetup("Office", "", "m"), endpoint)
    assert [headers.get("api-key") for headers in seen] == ["azure"]
    assert "Authorization" not in seen[0]


async def test_no_other_host_is_told_the_key() -> None:
    seen: list[Mapping[str, str]] = []
    async with far_end(seen) as where:
        endpoint = Endpoint(
            "wss://speech.example.com/v1/realtime", api_key="sk-speech", headers={"api-key": "s"}
        )
        await asked(BackendSetup("Office", "", "m", url=f"http://{where}/v1"), endpoint)
        await asked(
            BackendSetup("Office", "", "m", url=f"http://{where}/v1", api_key="sk-own"), endpoint
        )
    assert [headers.get("Authorization") for headers in seen] == [None, "Bearer sk-own"]
    assert not any("api-key" in headers for headers in seen)
