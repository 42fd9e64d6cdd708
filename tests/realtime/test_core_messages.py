"""Whatever a session sends, the official client could have sent too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.agents.guardrails import GuardrailResult, GuardrailRun, OutputGuardrail
from sipagent.agents.hosted_mcp import hosted_mcp_tool
from sipagent.audio.formats import AudioFormat
from sipagent.realtime.history_items import HistoryItem, McpApprovalRequest
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import ClockPlayback
from sipagent.wire import client

from .items import typed
from .official import check
from .playbook import (
    PCMU,
    Playbook,
    audio,
    created,
    done,
    function_call,
    heard,
    reception,
    resolved,
)

POLITE = OutputGuardrail("polite", lambda *_: GuardrailResult(tripwire_triggered=True))
SHOP = hosted_mcp_tool(
    "shop",
    server_url="https://shop.example",
    server_description="Sells tea.",
    authorization="secret",
    headers={"x-store": "7"},
    allowed_tools={"tool_names": ["buy"]},
    require_approval={"always": {"tool_names": ["buy"]}},
)
EVERYTHING = SessionOptions(
    "pcm16",
    "g711_alaw",
    model="gpt-realtime",
    voice={"id": "voice_1"},
    speed=1.25,
    turn_detection={"type": "server_vad", "threshold": 0.5, "silenceDurationMs": 300},
    transcription={"model": "gpt-4o-transcribe", "language": "en"},
    noise_reduction={"type": "near_field"},
    max_output_tokens="inf",
    tool_choice="auto",
    parallel_tool_calls=True,
    truncation="auto",
    include=["item.input_audio_transcription.logprobs"],
    tracing_disabled=False,
    workflow_name="Reception",
    group_id="call 7",
    trace_metadata={"site": "Bonn"},
    history_store_audio=True,
    output_guardrails=[POLITE],
)


def book(agent: RealtimeAgent | None = None, options: SessionOptions | None = None) -> Playbook:
    return Playbook(agent, options or SessionOptions(PCMU, PCMU), ClockPlayback())


def full_book() -> Playbook:
    prompt = {"id": "pmpt_1", "version": "2"}
    shopping = reception(prompt=prompt)
    shopping.tools.append(SHOP)
    return book(shopping, EVERYTHING)


def hands_over() -> Playbook:
    session = full_book()
    session.hears({"type": "session.created", "session": {}})
    session.hears(created(), audio(20), function_call("transfer_to_billing"), done())
    return session


def writes() -> Playbook:
    session = book()
    session.writes("Hello?")
    return session


def runs_a_tool() -> Playbook:
    session = book()
    session.hears(created(), function_call("look_up"), done())
    session.ends(session.call())
    return session


def is_interrupted() -> Playbook:
    session = book()
    session.hears(created(), audio(100))
    session.interrupts([heard(60, 100)], cancel=True)
    return session


def is_stopped() -> Playbook:
    session = book(options=EVERYTHING)
    text = {"type": "response.output_text.delta", "item_id": "i", "content_index": 0}
    where = {"response_id": "resp_1", "output_index": 0}
    session.hears(created(), {**text, **where, "delta": "Damn" * 100})
    (work,) = session.checks
    run = GuardrailRun(POLITE, GuardrailResult(tripwire_triggered=True, output_info={"at": 1}))
    session.core.checked(work, [run], now=9.0)
    return session


def decides() -> Playbook:
    session = full_book()
    item = {"id": "ask_1", "type": "mcp_approval_request", "server_label": "shop", "name": "buy"}
    session.hears({"type": "conversation.item.done", "item": {**item, "arguments": "{}"}})
    (request,) = session.core.mcp.pending_approvals
    assert isinstance(request, McpApprovalRequest)
    session.core.mcp.decide(request, is_approved=False, reason="Too dear.", now=9.0)
    return session


def changes_the_history() -> Playbook:
    session = book()
    added = "conversation.item.added"
    session.hears(
        {"type": added, "item": typed("u", "a")}, {"type": added, "item": typed("v", "b")}
    )
    greeting = {"item_id": "a", "type": "message", "role": "assistant"}
    content = [{"type": "output_text", "text": "Hi."}]
    session.core.update_history([{**greeting, "content": content}, *_items(session)[1:]])
    return session


def asks_for_items() -> Playbook:
    session = book()
    cut = {"type": "conversation.item.truncated", "item_id": "a", "content_index": 0}
    session.hears({**cut, "audio_end_ms": 60})
    return session


def asks_by_itself() -> Playbook:
    session = book()
    session.core.send(client.ResponseCreate(response={"conversation": "none", "input": []}))
    session.core.send(client.ResponseCreate(response={"instructions": "Greet."}))
    session.core.send(client.InputAudioBufferCommit())
    return session


def goes_on_with_another() -> Playbook:
    session = book(options=SessionOptions(PCMU, AudioFormat.PCM24.to_wire()))
    session.core.update_agent(resolved(RealtimeAgent("Night", voice={"id": "v"})), now=1.0)
    return session


def _items(session: Playbook) -> list[HistoryItem]:
    return list(session.core.history.items)


STORIES: dict[Callable[[], Playbook], set[str]] = {
    full_book: set(),
    hands_over: {"session.update", "conversation.item.create", "response.create"},
    writes: {"conversation.item.create", "response.create"},
    runs_a_tool: {"conversation.item.create", "response.create"},
    is_interrupted: {"response.cancel", "conversation.item.truncate"},
    is_stopped: {"response.cancel", "conversation.item.create"},
    decides: {"conversation.item.create"},
    changes_the_history: {"conversation.item.delete", "conversation.item.create"},
    asks_for_items: {"conversation.item.retrieve"},
    asks_by_itself: {"response.create", "input_audio_buffer.commit"},
    goes_on_with_another: {"session.update"},
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.__name__))
def test_every_message_is_one_the_official_types_have(story: Callable[[], Playbook]) -> None:
    session = story()
    sent = session.sent()
    assert {message["type"] for message in sent} == STORIES[story]
    for message in [*session.opening, *sent]:
        check(message)
