"""A phone call that the endpoint plays to, and a core that is attached to it."""

from __future__ import annotations

from typing import Any

from sipagent.agents.guardrails import GuardrailResult, OutputGuardrail
from sipagent.realtime.core import SessionCore
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.playback import AttachedPlayback

from .playbook import Playbook, Wire, created, function_call

SPEECH: Wire = {
    "type": "input_audio_buffer.speech_started",
    "item_id": "item_u",
    "audio_start_ms": 0,
}
ATTACHED: Wire = {"type": "session.created", "session": {"tracing": None}}
CANCEL: Wire = {"type": "response.cancel"}
CLEAR: Wire = {"type": "output_audio_buffer.clear"}
RUDE = OutputGuardrail("rude", lambda *_: GuardrailResult(tripwire_triggered=True))


def buffer(what: str, response_id: str = "resp_1") -> Wire:
    """The endpoint says what it plays."""
    return {"type": f"output_audio_buffer.{what}", "response_id": response_id}


def words(delta: str, response_id: str = "resp_1") -> Wire:
    """The agent says something."""
    where = {"response_id": response_id, "item_id": "item_1", "output_index": 0}
    kind = "response.output_audio_transcript.delta"
    return {"type": kind, **where, "content_index": 0, "delta": delta}


def attached(**more: Any) -> Playbook:
    """Return a session whose call was accepted."""
    options = more.pop("options", SessionOptions(transcription=None))
    book = Playbook(options=options, playback=AttachedPlayback(), **({"is_accepted": True} | more))
    book.opening += book.sent()
    return book


def talking() -> Playbook:
    """Return one whose agent is heard, and says still more."""
    book = attached()
    book.hears(ATTACHED, created(), words("Good "), buffer("started"))
    return book


def handed_over(book: Playbook) -> Wire:
    """Let another agent take over; return the session it asks for."""
    book.hears(function_call("transfer_to_billing"))
    update: Wire = book.sent()[0]
    assert update["type"] == "session.update"
    session: Wire = update["session"]
    return session


def successor(book: Playbook, playback: AttachedPlayback | None = None) -> SessionCore:
    """Return the core that attaches again."""
    core = SessionCore(
        book.core.agent,
        SessionOptions(transcription=None),
        playback or AttachedPlayback(),
        before=book.core,
    )
    core.open()
    return core
