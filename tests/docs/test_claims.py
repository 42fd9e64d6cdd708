"""What the page of the realtime session says, and no example shows."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sipagent.realtime import (
    AgentHooks,
    ConfigError,
    DtmfReceived,
    Endpoint,
    FunctionTool,
    HandedOff,
    IdleTimedOut,
    RateLimitsReported,
    RealtimeAgent,
    RealtimeSession,
    SessionEvent,
    SessionOptions,
    SpeechStarted,
    ToolContext,
    ToolEnded,
    function_tool,
)
from tests.fakes.scripted_endpoint import ScriptedEndpoint, scripted_endpoint
from tests.realtime.joined import told
from tests.realtime.playbook import audio, created, done, function_call

CREATE = "conversation.item.create"
APPEND = "input_audio_buffer.append"
COMMIT = "input_audio_buffer.commit"


@asynccontextmanager
async def connected(
    options: SessionOptions | None = None, agent: RealtimeAgent | None = None
) -> AsyncIterator[tuple[RealtimeSession, ScriptedEndpoint]]:
    async with scripted_endpoint() as far_end:
        session = RealtimeSession(agent or RealtimeAgent("Desk"), options)
        await session.connect(Endpoint(far_end.url))
        try:
            yield session, far_end
        finally:
            await session.close()


async def test_a_message_may_have_an_id_and_a_place() -> None:
    async with connected() as (session, far_end):
        data = {"event_id": "mine", "previous_item_id": "root"}
        await session.send_message("Hello.", other_event_data=data)
        (create,) = await far_end.has_received(CREATE)
        assert (create["event_id"], create["previous_item_id"]) == ("mine", "root")
        assert create["item"]["content"] == [{"type": "input_text", "text": "Hello."}]


@pytest.mark.parametrize("trigger", [True, False])
async def test_a_picture_is_answered_or_waits(trigger: bool) -> None:
    async with connected() as (session, far_end):
        await session.add_image(b"jpeg", trigger_response=trigger, mime_type="image/jpeg")
        await session.send_audio(b"\0\0", commit=True)
        await far_end.has_received(COMMIT)
        url = "data:image/jpeg;base64," + b64encode(b"jpeg").decode()
        create = far_end.received[1]
        assert create["item"]["content"] == [{"type": "input_image", "image_url": url}]
        assert far_end.types().count("response.create") == int(trigger)


async def test_a_picture_that_is_no_png_or_jpeg_is_refused() -> None:
    async with connected() as (session, _):
        with pytest.raises(ConfigError, match="PNG or JPEG"):
            await session.add_image("https://example.com/cat.png")


async def test_audio_may_be_a_turn_which_asks_for_no_answer() -> None:
    async with connected() as (session, far_end):
        await session.send_audio(b"\1\0")
        await session.send_audio(b"\2\0", commit=True)
        await session.send_event({"type": "input_audio_buffer.clear"})
        await far_end.has_received("input_audio_buffer.clear")
        assert far_end.types()[1:] == [APPEND, APPEND, COMMIT, "input_audio_buffer.clear"]


async def test_a_muted_caller_is_silence_to_the_model() -> None:
    async with connected() as (session, far_end):
        assert session.muted is False
        session.mute()
        assert session.muted is True
        await session.append_audio(b"\1\2\3\4")
        session.mute(False)
        await session.append_audio(b"\1\2\3\4")
        appends = await far_end.has_received(APPEND, 2)
        assert [b64decode(each["audio"]) for each in appends] == [bytes(4), b"\1\2\3\4"]


@pytest.mark.parametrize("barge_in", [True, False])
async def test_without_barge_in_a_caller_cuts_nobody_off(barge_in: bool) -> None:
    async with connected(SessionOptions(barge_in=barge_in)) as (session, far_end):
        started = {"item_id": "item_u", "audio_start_ms": 0}
        await far_end.say(
            created(), audio(100), {"type": "input_audio_buffer.speech_started", **started}
        )
        await told(session, SpeechStarted)
        await session.send_event({"type": "input_audio_buffer.clear"})
        await far_end.has_received("input_audio_buffer.clear")
        assert ("response.cancel" in far_end.types()) is barge_in
        assert ("conversation.item.truncate" in far_end.types()) is barge_in


class Diary(AgentHooks):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    async def on_handoff(self, context: Any, agent: RealtimeAgent, source: RealtimeAgent) -> None:
        self.entries.append(f"{source.name} to {agent.name}")

    async def on_tool_start(
        self, context: ToolContext, agent: RealtimeAgent, tool: FunctionTool
    ) -> None:
        self.entries.append(f"{tool.name} runs")

    async def on_tool_end(
        self, context: ToolContext, agent: RealtimeAgent, tool: FunctionTool, result: str
    ) -> None:
        self.entries.append(f"{tool.name}: {result}")


async def test_hooks_hear_of_tools_and_of_handoffs() -> None:
    def tea() -> str:
        return "green"

    diary = Diary()
    night = RealtimeAgent("Night", hooks=diary)
    day = RealtimeAgent("Day", tools=[function_tool(tea)], handoffs=[night], hooks=diary)
    async with connected(agent=day) as (session, far_end):
        await far_end.say(created(), function_call("tea", "call_1"))
        await told(session, ToolEnded)
        await far_end.say(function_call("transfer_to_night", "call_2"), done())
        await told(session, HandedOff)
        await far_end.has_received(CREATE, 2)
        assert diary.entries == ["tea runs", "tea: green", "Day to Night"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_tools_may_run_one_after_the_other(at_once: bool) -> None:
    running, most = 0, 0
    both = asyncio.Event()

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if at_once:
            await both.wait() if running == 1 else both.set()
        await asyncio.sleep(0)
        running -= 1

    agent = RealtimeAgent("Desk", tools=[function_tool(work)])
    async with connected(SessionOptions(async_tool_calls=at_once), agent) as (_, far_end):
        calls = [function_call("work", f"call_{number}") for number in range(2)]
        await far_end.say(created(), *calls, done())
        await far_end.has_received(CREATE, 2)
        assert most == (2 if at_once else 1)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (IdleTimedOut, {"type": "input_audio_buffer.timeout_triggered", "item_id": "item_1"}),
        (DtmfReceived, {"type": "input_audio_buffer.dtmf_event_received", "event": "5"}),
        (RateLimitsReported, {"type": "rate_limits.updated", "rate_limits": []}),
    ],
)
async def test_what_nobody_has_to_act_on_is_told_all_the_same(
    kind: type[SessionEvent], message: dict[str, Any]
) -> None:
    more = {"audio_start_ms": 0, "audio_end_ms": 9, "received_at": 1_700_000_000}
    async with connected() as (session, far_end):
        await far_end.say({**more, **message})
        assert (await told(session, kind)).NAME == kind.NAME


async def test_a_listener_that_fails_is_alone_with_it() -> None:
    names: list[str] = []

    def failing(event: SessionEvent) -> None:
        raise ValueError("not my day")

    async with connected() as (session, far_end):
        session.on("*", failing)
        session.on("*", lambda event: names.append(event.NAME))
        session.on("response_started", failing)
        heard = asyncio.Event()
        session.on("agent_start", lambda event: heard.set())
        await far_end.say(created())
        async with asyncio.timeout(5):
            await heard.wait()
        assert names == ["response_started", "agent_start"]
