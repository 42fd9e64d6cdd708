"""Text agents of the official SDKs run on the engine: by HTTP, by WebSocket, as chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from .installing import PeerMissing
from .peer import PEER_TESTS, Peer
from .text_peer import PROGRAMS, TextPeer

pytestmark = PEER_TESTS

RESPONSES = ["http", "websocket"]


@pytest.fixture
def base(engine: str) -> str:
    """Return the base URL of the engine."""
    return engine.replace("ws://", "http://").removesuffix("/realtime")


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sorted(PROGRAMS))
async def text_program(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    """Return an SDK, running, on no transport yet."""
    name: str = request.param
    try:
        command = await asyncio.to_thread(PROGRAMS[name])
    except PeerMissing as missing:
        pytest.skip(f"no {name} SDK: {missing}")
    peer = await Peer.start(name, command)
    yield peer
    await peer.end()


@pytest_asyncio.fixture(loop_scope="session")
async def agents(
    text_program: Peer, base: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[TextPeer]:
    """Return an SDK on a transport, which it leaves with the test."""
    peer = TextPeer(text_program)
    await peer.connect(base, request.param)
    yield peer
    await text_program.close()
    errors = [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR]
    assert not errors, [each.getMessage() for each in errors]


def handoff(agents: TextPeer) -> str:
    """Return the name of the tool that hands over to Billing."""
    return "transfer_to_billing" if agents.name == "python" else "transfer_to_Billing"


on_responses = pytest.mark.parametrize("agents", RESPONSES, indirect=True)
on_all = pytest.mark.parametrize("agents", [*RESPONSES, "chat"], indirect=True)


@on_all
async def test_a_text_comes_in_parts(agents: TextPeer) -> None:
    done = await agents.run("say:one two three")
    assert (done["output"], done["agent"]) == ("one two three", "Reception")
    assert "message_output_created" in agents.items()


@on_responses
async def test_every_event_reaches_the_user(agents: TextPeer) -> None:
    await agents.run("say:one two three")
    assert agents.text() == ["one", " two", " three"]
    assert agents.raw() == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * 3,
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


@on_all
async def test_a_tool_is_run_and_its_answer_answered(agents: TextPeer) -> None:
    done = await agents.run('call:opening_hours {"day": "sunday"}')
    assert done["output"] == "ten to two on sunday"
    assert agents.items() == ["tool_called", "tool_output", "message_output_created"]


@on_all
async def test_several_tools_are_run_at_once(agents: TextPeer) -> None:
    day = 'opening_hours {"day": "%s"}'
    done = await agents.run(f"calls:{day % 'monday'} | {day % 'sunday'}")
    assert done["output"] == "ten to two on monday ten to two on sunday"


@on_responses
async def test_another_agent_takes_over_by_its_script(agents: TextPeer) -> None:
    done = await agents.run(f"call:{handoff(agents)} {{}}", script="desk")
    assert (done["output"], done["agent"]) == ("Billing here.", "Billing")
    assert agents.items()[0] == "handoff_requested"


@on_all
async def test_another_agent_takes_over(agents: TextPeer) -> None:
    done = await agents.run(f"call:{handoff(agents)} {{}}")
    assert done["agent"] == "Billing"
    assert "Billing" in done["output"]


@on_all
@pytest.mark.parametrize("is_plain", [False, True])
async def test_a_tool_waits_for_approval_and_the_run_goes_on(
    agents: TextPeer, is_plain: bool
) -> None:
    waits = await agents.run('call:refund {"euros": 7}', plain=is_plain)
    assert (waits["output"], waits["waiting"]) == (None, [["refund", {"euros": 7}]])
    done = await agents.resume(approve=True)
    assert (done["output"], done["waiting"]) == ("7 euros paid", [])


@on_all
async def test_a_tool_that_is_rejected_is_not_run(agents: TextPeer) -> None:
    await agents.run('call:refund {"euros": 7}')
    done = await agents.resume(approve=False)
    assert done["output"] == "Tool execution was not approved."


@on_all
async def test_a_structured_answer_is_read(agents: TextPeer) -> None:
    done = await agents.run('json:{"city": "Ulm", "degrees": 7}', structured=True)
    assert done["output"] == {"city": "Ulm", "degrees": 7}


@on_all
async def test_a_structured_answer_that_does_not_fit_is_refused(agents: TextPeer) -> None:
    failed = await agents.fails('json:{"city": "Ulm"}', structured=True)
    assert failed["failed"] == "ModelBehaviorError"


@on_responses
async def test_a_run_goes_on_from_the_response_before(agents: TextPeer) -> None:
    first = await agents.run("say:Hello")
    assert first["response_id"].startswith("resp_")
    tool = 'call:opening_hours {"day": "monday"}'
    second = await agents.run(tool, previous_response_id=first["response_id"])
    assert second["output"] == "ten to two on monday"
    assert second["response_id"] != first["response_id"]


@on_responses
async def test_a_run_goes_on_from_no_response_nobody_has(agents: TextPeer) -> None:
    await agents.fails("x", previous_response_id="resp_0")
    assert (await agents.run("say:Still here"))["output"] == "Still here"


@on_responses
async def test_a_run_goes_on_in_a_conversation(agents: TextPeer, base: str) -> None:
    async with AsyncOpenAI(api_key="any", base_url=base) as client:
        conversation = await client.conversations.create()
    tool = 'call:opening_hours {"day": "monday"}'
    done = await agents.run(tool, conversation_id=conversation.id)
    assert done["output"] == "ten to two on monday"
    again = await agents.run("say:Bye", conversation_id=conversation.id)
    assert again["output"] == "Bye"


@on_all
async def test_a_plain_run_has_the_same_answer(agents: TextPeer) -> None:
    done = await agents.run('call:opening_hours {"day": "sunday"}', plain=True)
    assert done["output"] == "ten to two on sunday"


@on_responses
@pytest.mark.parametrize("text", ["fail:server_error", "fail:400"])
async def test_a_response_that_fails_fails_the_run_and_no_other(
    agents: TextPeer, text: str
) -> None:
    await agents.fails(text)
    assert (await agents.run("say:Still here"))["output"] == "Still here"
