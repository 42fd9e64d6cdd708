"""The engine that answers calls answers text agents too, by the same scripts."""

from __future__ import annotations

import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import connect

from tests.engine.switchboard import Switchboard

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_text_agent_has_the_persona_of_a_script(board: Switchboard) -> None:
    async with AsyncOpenAI(api_key="any", base_url=board.http, max_retries=0) as client:
        for agent in ("Reception", "Billing"):
            response = await client.responses.create(
                prompt={"id": "desk", "variables": {"agent": agent}}
            )
            assert response.output_text == f"{agent} here."


async def test_the_socket_of_text_agents_is_there(board: Switchboard) -> None:
    url = board.http.replace("http://", "ws://") + "/responses"
    async with connect(url, proxy=None) as socket:
        await socket.send("{}")
        assert '"param":"type"' in str(await socket.recv())
