"""An official SDK controls a phone call by its id; the caller is heard and spoken to elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from openai import AsyncOpenAI

from tests.engine.leg import FakeLeg
from tests.engine.switchboard import Call, Switchboard, switchboard, until
from tests.loopback.conftest import SCRIPT

from .peer import PEER_TESTS, Json, Peer
from .recorder import Recorder

pytestmark = PEER_TESTS

AUDIO = ("response.output_audio.delta", "input_audio_buffer.append")
CUTS = ("output_audio_buffer.clear", "conversation.item.truncate", "response.cancel")

HEARD_MS = 300
FADE_MS = 5


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Switchboard]:
    """Yield an engine that is rung by the test."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "desk.script.toml").write_text(SCRIPT)
    async with switchboard(folder) as board:
        yield board


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine(board: Switchboard) -> str:
    """Return where the SDKs attach."""
    return board.url


@pytest_asyncio.fixture(loop_scope="session")
async def call(board: Switchboard, peer: Peer, wire: Recorder) -> AsyncIterator[Call]:
    """Yield a call, accepted as the SDK says by the official client, that the SDK attached to."""
    call = board.ring()
    peer.do("accepting", script="desk")
    session = (await peer.until("accepting"))["session"]
    async with AsyncOpenAI(api_key="any", base_url=board.http, max_retries=0) as client:
        await client.realtime.calls.accept(call.realtime_call_id, **session)
    call.leg.connected()
    call_id = call.realtime_call_id
    await peer.connect(f"{wire.url}?call_id={call_id}", script="desk", call_id=call_id)
    await wire.until("session.created")  # from here on it is told what happens
    yield call
    board.quiet()


def sent_audio(wire: Recorder) -> list[Json]:
    """Return the audio that went over the wire: there must be none."""
    return [event for name in AUDIO for event in wire.of(name)]


async def is_heard(leg: FakeLeg, wire: Recorder, count: int = 1) -> None:
    """Let the caller hear what waits; return when the SDK was told that answer ``count`` is out."""
    await wire.until("response.done", count)
    leg.play_out()
    await wire.until("output_audio_buffer.stopped", count)


async def agent_speaks(call: Call, peer: Peer, wire: Recorder) -> None:
    """Let the agent speak for long, and be heard."""
    peer.do("send_message", text="long:200")
    await until(lambda: sum(call.leg.pushed.values()) > HEARD_MS)
    call.leg.play(HEARD_MS)
    await wire.until("output_audio_buffer.started")


async def test_a_call_is_accepted_as_the_sdk_configures_it(
    call: Call, peer: Peer, wire: Recorder
) -> None:
    assert call.leg.commands == [("answer", None)]
    created = wire.of("session.created")[0]["session"]
    assert created["prompt"]["id"] == "desk"
    names = [tool["name"] for tool in created["tools"]]
    assert "opening_hours" in names
    assert any(name.startswith("transfer_to_") for name in names)
    assert peer.all("error") == []


async def test_typed_words_are_answered_to_the_caller(
    call: Call, peer: Peer, wire: Recorder
) -> None:
    await peer.ask("say:Good evening.")
    await is_heard(call.leg, wire)
    await peer.hears("Good evening.")
    assert len(call.leg.pcm) > call.leg.rate_hz // 2
    assert sent_audio(wire) == []
    assert peer.all("audio") == []
    assert peer.all("error") == []


async def test_a_tool_is_run_and_its_output_spoken_to_the_caller(
    call: Call, peer: Peer, wire: Recorder
) -> None:
    peer.do("send_message", text='call:opening_hours {"day": "monday"}')
    await peer.until("tool_end", tool="opening_hours", output="ten to two on monday")
    await peer.hears("ten to two on monday")
    assert wire.outputs() == ["ten to two on monday"]
    await wire.until("response.done", 2)
    assert list(call.leg.pushed) == [wire.of("response.done")[-1]["response"]["output"][0]["id"]]
    assert sent_audio(wire) == []
    assert peer.all("error") == []


async def test_another_agent_takes_the_call_over(call: Call, peer: Peer, wire: Recorder) -> None:
    created = wire.of("session.created")[0]["session"]
    names = [tool["name"] for tool in created["tools"]]
    (handoff,) = [name for name in names if name.startswith("transfer_to_")]
    peer.do("send_message", text=f"call:{handoff} {{}}")
    await peer.until("handoff", of="Reception", to="Billing")
    await peer.hears("Billing here.")
    after = wire.of("session.updated")[-1]["session"]
    assert [tool["name"] for tool in after["tools"]] == ["invoice"]
    peer.do("send_message", text="call:invoice {}")
    await peer.hears("nothing is owed")
    assert call.leg.pushed
    assert peer.all("error") == []


@pytest.mark.parametrize("program", ["js"], indirect=True)
async def test_the_user_of_the_sdk_silences_the_agent(
    call: Call, peer: Peer, wire: Recorder
) -> None:
    await agent_speaks(call, peer, wire)
    peer.do("interrupt")
    await wire.until("output_audio_buffer.cleared")
    assert wire.of("output_audio_buffer.clear")
    truncated = await wire.until("conversation.item.truncated")
    assert truncated["audio_end_ms"] == HEARD_MS  # which the engine knows: it is not asked to
    assert wire.of("conversation.item.truncate") == []
    cut_at = len(call.leg.pcm)
    call.leg.play(HEARD_MS)
    assert not call.leg.pcm[cut_at + call.leg.rate_hz * FADE_MS // 1000 :].any()
    await peer.ask("say:On we go.")
    await peer.hears("On we go.")
    assert peer.all("error") == []


@pytest.mark.parametrize("program", ["python"], indirect=True)
async def test_an_sdk_that_knows_no_audio_clears_by_a_raw_event(
    call: Call, peer: Peer, wire: Recorder
) -> None:
    await agent_speaks(call, peer, wire)
    # Openai-agents for Python interrupts what it has heard itself, and of a phone call it hears
    # nothing: its own interruption sends nothing, and its user must clear what waits.
    peer.do("interrupt")
    peer.do("send_event", event={"type": "output_audio_buffer.clear"})
    await wire.until("output_audio_buffer.cleared")
    assert wire.types(*CUTS) == ["output_audio_buffer.clear"]
    await peer.ask("say:On we go.")
    await peer.hears("On we go.")
    assert peer.all("error") == []


async def test_keys_pressed_reach_the_user_of_the_sdk(
    call: Call, peer: Peer, wire: Recorder
) -> None:
    call.leg.press("5")
    await peer.until("digit", digit="5")
    assert len(wire.of("input_audio_buffer.dtmf_event_received")) == 1
    await peer.ask("say:Five.")
    assert peer.all("error") == []


async def test_the_session_ends_with_the_call(call: Call, peer: Peer, wire: Recorder) -> None:
    await peer.ask("say:Good evening.")
    call.leg.caller_gone()
    await peer.until("ended")
    assert peer.all("error") == []
