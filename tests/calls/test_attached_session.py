"""What of a plan an attached session is, and who goes on."""

from __future__ import annotations

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.calls.attached_events import AttachFailed, CallOver
from sipagent.calls.attached_session import (
    attach_failure,
    attached_context,
    attached_messages,
    attached_options,
    call_endpoint,
    left_out,
    silence_ms,
)
from sipagent.calls.barge_in import BargeInSettings
from sipagent.calls.events import SessionFailed
from sipagent.calls.facts import Fact, NoteTaken
from sipagent.calls.journal import AttachedState, JournalEntry
from sipagent.calls.judges import Judges
from sipagent.calls.termination import Reason
from sipagent.calls.transfer_wish import TransferWish
from sipagent.errors import SessionError, SessionLost, SessionRejected, SessionTimeout
from sipagent.realtime.accepting import accept_session
from sipagent.realtime.endpoint import Endpoint

from .talk import call_setup

ENDPOINT = Endpoint("ws://127.0.0.1:1/v1/realtime", "gpt-realtime")
TUNED = {
    "type": "server_vad",
    "threshold": 0.7,
    "prefix_padding_ms": 200,
    "silence_duration_ms": 900,
    "create_response": True,
    "interrupt_response": True,
}


async def test_turn_detection_loses_what_an_accept_refuses_and_keeps_the_rest() -> None:
    setup = call_setup(session={"turn_detection": TUNED, "voice": "marin"})
    options = attached_options(setup, ENDPOINT)
    session = await accept_session(setup.agent, options)  # raises for what is refused
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "create_response": True,
        "interrupt_response": True,
    }
    assert session["audio"]["output"]["voice"] == "marin"
    assert left_out(setup) == ["threshold", "prefix_padding_ms", "silence_duration_ms"]


async def test_formats_are_left_to_the_provider() -> None:
    session = await accept_session(RealtimeAgent("Ada"), attached_options(call_setup(), ENDPOINT))
    assert "format" not in session["audio"]["input"] | session["audio"]["output"]


@pytest.mark.parametrize("detection", [None, {"type": "semantic_vad", "eagerness": "low"}])
def test_a_plan_without_such_fields_loses_nothing(detection: dict[str, str] | None) -> None:
    assert left_out(call_setup(session={"turn_detection": detection})) == []
    assert left_out(call_setup()) == []


@pytest.mark.parametrize(
    ("barge_in", "interrupts"),
    [
        (BargeInSettings(), True),
        (BargeInSettings(confirm_ms=300), True),  # nobody else could cut the agent off
        (BargeInSettings(is_enabled=False), False),
    ],
)
def test_it_is_the_endpoint_that_interrupts(barge_in: BargeInSettings, interrupts: bool) -> None:
    setup = call_setup(session={"turn_detection": TUNED}, barge_in=barge_in)
    options = attached_options(setup, ENDPOINT)
    assert isinstance(options.turn_detection, dict)
    assert options.turn_detection["interrupt_response"] is interrupts
    assert options.barge_in is interrupts


def test_no_turn_detection_stays_none() -> None:
    options = attached_options(call_setup(session={"turn_detection": None}), ENDPOINT)
    assert options.turn_detection is None


@pytest.mark.parametrize(("wanted", "model"), [("", "gpt-realtime"), ("other", "other")])
def test_the_model_is_the_endpoints_unless_the_plan_names_one(wanted: str, model: str) -> None:
    assert attached_options(call_setup(session={"model": wanted}), ENDPOINT).model == model


def test_an_attached_socket_asks_for_a_call_and_for_no_model() -> None:
    address = call_endpoint(ENDPOINT, "rtc_1").address
    assert address == "ws://127.0.0.1:1/v1/realtime?call_id=rtc_1"


def test_the_silence_that_ends_a_turn_is_the_endpoints_default_or_unknown() -> None:
    assert silence_ms(call_setup(silence_duration_ms=900)) == 500
    assert silence_ms(call_setup(silence_duration_ms=None)) is None


def test_tools_are_told_of_the_call() -> None:
    headers = (("From", "Ada <sip:1@x>"), ("To", "<sip:desk@x>"), ("Call-ID", "s"))
    entry = JournalEntry("rtc_1", AttachedState.NEW, headers, 0.0)

    async def transfer(wish: TransferWish) -> str:
        return wish.target

    told = list[Fact]()
    messages = attached_messages("c1", call_setup(), entry, told.append, lambda: 0.0)
    judges = Judges("c1", "", Endpoint("ws://x", "m"))
    context = attached_context(
        "c1", entry, transfer, lambda *_: None, None, messages, judges, {"a": "b"}
    )
    assert (context.call_id, context.realtime_call_id, context.sip_call_id) == ("c1", "rtc_1", "s")
    assert (context.called, context.caller, context.caller_name) == ("desk", "1", "Ada")
    assert context.headers == headers
    assert context.words == {"a": "b"}
    context.messages.note("Reception", "Ada rang.")
    assert told == [NoteTaken("Reception", "Ada rang.")]


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (SessionRejected("no", status=404), CallOver),
        (SessionRejected("no", status=410), CallOver),
        (SessionLost("bye", close_code=1000), CallOver),
        (SessionRejected("no", status=401), SessionFailed),
        (SessionRejected("no", status=400), SessionFailed),
        (SessionRejected("no", status=503), AttachFailed),
        (SessionRejected("nobody listens"), AttachFailed),
        (SessionTimeout("late"), AttachFailed),
        (SessionLost("gone"), AttachFailed),
    ],
)
def test_a_socket_that_does_not_open_means_something(
    error: SessionError, meaning: type[object]
) -> None:
    assert type(attach_failure(error)) is meaning


def test_why_a_socket_did_not_open_is_kept() -> None:
    failed = attach_failure(SessionRejected("it refused", status=401))
    assert failed == SessionFailed(Reason.SESSION_REFUSED, "it refused (HTTP 401)")
