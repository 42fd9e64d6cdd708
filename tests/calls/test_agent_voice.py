"""Words that the call's agent says in a session of their own."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.frames import Pcm, pcm_to_bytes
from sipagent.calls import facts
from sipagent.calls.agent_voice import RATE_HZ, agent_voice
from sipagent.errors import SessionError
from sipagent.realtime.transport import Endpoint
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint
from tests.realtime.playbook import created, done

from .talk import call_setup

SOUND = np.full(RATE_HZ // 5, 3_000, np.int16)
DELTA = {
    "type": "response.output_audio.delta",
    "response_id": "resp_1",
    "item_id": "item_1",
    "output_index": 0,
    "content_index": 0,
    "delta": b64encode(pcm_to_bytes(SOUND)).decode(),
}
SETUP = call_setup(
    agent=RealtimeAgent("Reception", "Sell, sell, sell.", voice="cedar"),
    session={"voice": "marin", "speed": 1.1, "model": "gpt-x"},
)


async def said(endpoint: ScriptedEndpoint, told: list[facts.Fact]) -> Pcm:
    """Return what is said of a briefing."""
    where = Endpoint(endpoint.url, "gpt-realtime")
    pieces = [piece async for piece in agent_voice(SETUP, where, "Ada asks.", told.append)]
    return np.concatenate(pieces)


async def test_they_are_said_in_the_calls_voice_and_the_session_ends() -> None:
    told: list[facts.Fact] = []
    async with scripted_endpoint() as endpoint:
        endpoint.answers["response.create"] = [created(), DELTA, DELTA, done()]
        sound = await said(endpoint, told)
        await endpoint.is_left()
    assert sound.tolist() == [*SOUND.tolist(), *SOUND.tolist()]
    update, response = endpoint.received
    session = update["session"]
    assert "exactly" in session["instructions"] and "Sell" not in session["instructions"]
    assert (session["model"], session["audio"]["output"]["voice"]) == ("gpt-x", "marin")
    assert session["audio"]["input"]["turn_detection"] is None
    assert response["response"]["instructions"] == "Say exactly: Ada asks."
    assert [type(fact) for fact in told] == [facts.UsageReported]


@pytest.mark.parametrize("dies", [False, True])
async def test_who_does_not_say_them_all_is_told(dies: bool) -> None:
    async with scripted_endpoint() as endpoint:

        def cut_short(_: object) -> list[dict[str, Any]]:
            if dies:
                endpoint.kill()
                return []
            return [created(), DELTA, done(status="failed")]

        endpoint.answers["response.create"] = cut_short
        with pytest.raises(SessionError):
            await said(endpoint, [])
        await endpoint.is_left()


async def test_an_endpoint_that_refuses_is_told() -> None:
    async with scripted_endpoint() as endpoint:
        endpoint.fault = "refuse"
        with pytest.raises(SessionError):
            await said(endpoint, [])
