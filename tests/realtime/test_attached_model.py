"""Whatever happens on an attached call, some things are never sent: the endpoint knows better."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sipagent.agents.guardrails import GuardrailResult, GuardrailRun
from sipagent.realtime.core import SessionCore
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import AttachedPlayback

from .attached import ATTACHED, RUDE, SPEECH, buffer, words
from .official import check
from .playbook import (
    Playbook,
    Wire,
    audio,
    created,
    done,
    function_call,
    heard,
    reception,
    resolved,
)

NEVER_SENT = {"input_audio_buffer.append", "conversation.item.truncate"}
OPTIONS = SessionOptions(transcription=None, debounce_text_length=3)


def said(what: str, response_id: str, number: int) -> Wire:
    """Return what the endpoint says."""
    messages: dict[str, Wire] = {
        "created": created(f"resp_{number}"),
        "done": done(response_id),
        "cancelled": done(response_id, "cancelled"),
        "speech": SPEECH,
        "words": words("Well now", response_id),
        "audio": audio(20, response_id=response_id),
        "started": buffer("started", response_id),
        "stopped": buffer("stopped", response_id),
        "cleared": buffer("cleared", response_id),
        "truncated": {
            "type": "conversation.item.truncated",
            "item_id": "item_1",
            "content_index": 0,
            "audio_end_ms": 7,
        },
        "handoff": function_call("transfer_to_billing", f"call_{number}"),
        "updated": {"type": "session.updated", "session": {"audio": {"input": {}}}},
    }
    return messages[what]


SAID = [
    "created",
    "done",
    "cancelled",
    "speech",
    "words",
    "audio",
    "started",
    "stopped",
    "cleared",
    "truncated",
    "handoff",
    "updated",
]
DONE = ["interrupt", "interrupt here", "clear", "write", "ask", "take over", "lose", "trip"]


def does(book: Playbook, what: str) -> None:
    """Let somebody here do something."""
    core = book.core
    match what:
        case "interrupt" | "clear":
            core.speech.interrupt(None, cancel=what == "interrupt", now=book.now)
        case "interrupt here":
            book.interrupts([heard(10, 20)], cancel=True)
        case "write":
            book.writes("Hello?")
        case "ask":
            book.wants_response()
        case "take over":
            core.update_agent(resolved(reception()), now=book.now)
        case "lose":
            book.core = SessionCore(core.agent, OPTIONS, AttachedPlayback(), before=core)
            book.checks = []
            book.core.open()
        case _:
            works, book.checks = book.checks, []
            for work in works:
                core.checked(work, [GuardrailRun(RUDE, GuardrailResult(True))], now=book.now)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(SAID + DONE), max_size=30), st.booleans())
def test_no_attached_session_ever_sends_audio_a_format_or_a_truncation(
    happenings: list[str], is_accepted: bool
) -> None:
    agent = reception(output_guardrails=[RUDE])
    book = Playbook(agent, OPTIONS, AttachedPlayback(), is_accepted=is_accepted)
    sent = list(book.opening)
    book.hears(ATTACHED)
    for number, what in enumerate(happenings):
        if what in SAID:
            book.hears(said(what, book.core.speech.response_id or "resp", number))
        else:
            does(book, what)
        sent += book.sent()
    for message in sent:
        check(message)
        assert message["type"] not in NEVER_SENT
        directions = message.get("session", {}).get("audio", {})
        assert all("format" not in each for each in directions.values())
        assert "model" not in message.get("session", {})
