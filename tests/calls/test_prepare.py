"""What a plan becomes for a call."""

from pathlib import Path
from typing import Any

import pytest

from sipagent.audio.formats import AudioFormat
from sipagent.audio.tones import tone
from sipagent.calls.barge_in import BargeInSettings
from sipagent.calls.digits import DigitSettings
from sipagent.calls.prepare import DEFAULT_SILENCE_MS, prepare_call
from sipagent.calls.setup import (
    CallDecision,
    CallSetup,
    Prompt,
    Prompts,
    ReferCall,
    RefuseCall,
    leg_format,
)
from sipagent.calls.tools import builtin_tools
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.plans import Plan
from sipagent.realtime.rotation import OpenFailed, Rotation, SessionLost, SessionOpened, TimerFired

PROMPTS = Prompts(Prompt(tone(400, 20, 8_000), 8_000))


def decided(**tables: Any) -> CallDecision:
    dialplan = Dialplan.model_validate({"name": "desk", **tables})
    return prepare_call(Plan(Path("desk.toml"), dialplan, {}), PROMPTS, embedded=False)


def prepared(**session: Any) -> CallSetup:
    agent = {"name": "Ada", "instructions": "Be brief.", "tools": ["hangup"]}
    setup = decided(agents=[agent], session=session)
    assert isinstance(setup, CallSetup)
    return setup


def test_a_plan_may_decide_that_nobody_answers() -> None:
    assert decided(refuse={"status": 404}) == RefuseCall("desk", 404)
    assert decided(refer={"target_uri": "tel:1"}) == ReferCall("desk", "tel:1")


def test_an_agent_may_transfer_callers_where_its_plan_says() -> None:
    agent = {"name": "Ada", "tools": ["transfer_call"]}
    setup = decided(agents=[agent], transfer={"targets": {"billing": "tel:1", "desk": "tel:2"}})
    assert isinstance(setup, CallSetup)
    assert setup.transfer_targets == {"billing": "tel:1", "desk": "tel:2"}
    (tool,) = setup.agent.tools
    assert tool.to_wire()["parameters"]["properties"]["target"]["enum"] == ["billing", "desk"]


def test_agents_are_told_of_digits_as_the_plan_says() -> None:
    assert prepared().digits == DigitSettings("#", 2.0)
    assert prepared(digits_end="", digits_pause_s=4).digits == DigitSettings("", 4.0)
    assert prepared(digits="none").digits is None


def test_a_plan_that_says_nothing_gets_the_endpoints_vad_which_interrupts() -> None:
    assert prepared().session["turn_detection"] == {
        "type": "server_vad",
        "interrupt_response": True,
        "create_response": True,
    }


def test_what_the_plan_says_of_turns_is_sent_and_nothing_else() -> None:
    wanted = {"type": "semantic_vad", "eagerness": "low"}
    sent = prepared(turn_detection=wanted).session["turn_detection"]
    assert sent == {**wanted, "interrupt_response": True, "create_response": True}


def test_no_turn_detection_is_sent_as_null() -> None:
    assert prepared(turn_detection={"type": "none"}).session["turn_detection"] is None


@pytest.mark.parametrize("session", [{"barge_in_confirm_ms": 200}, {"barge_in": False}])
def test_an_endpoint_must_not_interrupt_on_its_own_when_we_decide(session: dict[str, Any]) -> None:
    assert prepared(**session).session["turn_detection"]["interrupt_response"] is False


def test_interruptions_are_as_the_plan_wants_them() -> None:
    setup = prepared(barge_in=True, barge_in_confirm_ms=250)
    assert setup.barge_in == BargeInSettings(is_enabled=True, confirm_ms=250)


def test_transcription_that_is_turned_off_is_sent_as_null() -> None:
    assert prepared(transcription={"model": "none"}).session["transcription"] is None


def test_transcription_is_sent_without_what_is_not_given() -> None:
    assert prepared(transcription={"model": "whisper-1"}).session["transcription"] == {
        "model": "whisper-1"
    }
    spoken = prepared(transcription={"model": "whisper-1", "language": "de"})
    assert spoken.session["transcription"] == {"model": "whisper-1", "language": "de"}


@pytest.mark.parametrize(
    ("wanted", "sent"), [("none", None), ("near_field", {"type": "near_field"})]
)
def test_noise_reduction_is_an_object_or_null(wanted: str, sent: dict[str, str] | None) -> None:
    assert prepared(noise_reduction=wanted).session["noise_reduction"] == sent


@pytest.mark.parametrize(
    ("detection", "silence_ms"),
    [
        (None, DEFAULT_SILENCE_MS),
        ({"type": "server_vad"}, DEFAULT_SILENCE_MS),
        ({"type": "server_vad", "silence_duration_ms": 300}, 300),
        ({"type": "server_vad", "silence_duration_ms": 0}, 0),
        ({"type": "semantic_vad"}, None),
        ({"type": "none"}, None),
    ],
)
def test_the_callers_last_word_is_dated_by_the_silence_that_ends_a_turn(
    detection: dict[str, Any] | None, silence_ms: int | None
) -> None:
    assert prepared(turn_detection=detection).silence_duration_ms == silence_ms


@pytest.mark.parametrize(("wanted", "refuses"), [("apologise", False), ("refuse", True)])
def test_what_happens_when_the_endpoint_is_not_ready_is_the_plans_choice(
    wanted: str, refuses: bool
) -> None:
    policy = prepared(when_not_ready=wanted, ready_within_s=2, max_duration_s=60).policy
    assert policy.refuse_when_not_ready is refuses
    assert (policy.ready_within_s, policy.max_duration_s) == (2, 60)


def test_how_a_call_outlives_its_session_is_the_plans_choice() -> None:
    wanted = prepared(reconnect=2, reconnect_within_s=4, rotate_margin_s=60).rotation
    assert (wanted.attempts, wanted.give_up_after_s, wanted.rotate_margin_s) == (2, 4, 60)


def test_refused_attempts_leave_time_for_the_apology() -> None:
    rotation = Rotation(prepared().rotation)
    rotation.handle(SessionOpened(None, 0.0), now=100.0)
    rotation.handle(SessionLost("gone"), now=200.0)
    now = 200.0
    while rotation.handle(OpenFailed("refused"), now=now) == []:
        now = rotation.deadline() or 0.0
        rotation.handle(TimerFired(), now=now)
    assert now == 200.75


def test_a_call_carries_its_plans_name_agent_and_prompts() -> None:
    setup = prepared(greeting="Hello", record=True)
    assert (setup.plan, setup.agent.name, setup.greeting) == ("desk", "Ada", "Hello")
    assert [tool.name for tool in setup.agent.tools] == list(builtin_tools({}))
    assert setup.prompts is PROMPTS
    assert setup.is_recorded


@pytest.mark.parametrize(
    ("codecs", "expected"),
    [
        (("PCMA/8000", "PCMU/8000"), AudioFormat.PCMA),
        (("opus/48000", "pcmu/8000"), AudioFormat.PCMU),
        (("G722/8000",), AudioFormat.PCM24),
        ((), AudioFormat.PCMU),  # a delayed offer
        (("GSM/8000",), AudioFormat.PCMU),
    ],
)
def test_a_session_speaks_what_the_leg_needs_the_least_conversion_for(
    codecs: tuple[str, ...], expected: AudioFormat
) -> None:
    assert leg_format(codecs) is expected
