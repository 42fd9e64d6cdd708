"""What a plan becomes for a call."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sipagent.agents.tools import FunctionTool, function_tool
from sipagent.audio.formats import AudioFormat
from sipagent.audio.tones import tone
from sipagent.calls.barge_in import BargeInSettings
from sipagent.calls.digits import DigitSettings
from sipagent.calls.fallback import Fallback
from sipagent.calls.keypad_setup import KeypadSetup
from sipagent.calls.prepare import DEFAULT_SILENCE_MS, prepare_call
from sipagent.calls.setup import (
    CallDecision,
    CallSetup,
    LineSetup,
    Prompt,
    Prompts,
    RecordingSetup,
    ReferCall,
    RefuseCall,
    leg_format,
)
from sipagent.calls.tools import DELEGATE_MARGIN_S
from sipagent.dialplan.line import BACK_AGAIN
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.plans import Plan
from sipagent.errors import ConfigError, DialplanError
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.rotation import OpenFailed, Rotation, SessionLost, SessionOpened, TimerFired
from sipagent.sip.line import LineWishes

from .talk import transfer_to

PROMPTS = Prompts(Prompt(tone(400, 20, 8_000), 8_000))


def decided(**tables: Any) -> CallDecision:
    dialplan = Dialplan.model_validate({"name": "desk", **tables})
    return prepare_call(Plan(Path("desk.toml"), dialplan, {}), PROMPTS, embedded=False)


def prepared(**session: Any) -> CallSetup:
    agent = {"name": "Ada", "instructions": "Be brief.", "tools": ["hangup"]}
    setup = decided(agents=[agent], session=session)
    assert isinstance(setup, CallSetup)
    return setup


def test_a_call_knows_all_agents_of_its_plan() -> None:
    agents = [{"name": name, "instructions": "x"} for name in ("Ada", "Ben", "Cy")]
    setup = decided(agents=agents)
    assert isinstance(setup, CallSetup)
    assert setup.agent.name == "Ada"
    assert {name: agent.name for name, agent in setup.personas.items()} == {
        name: name for name in ("Ada", "Ben", "Cy")
    }


def test_a_plan_may_decide_that_nobody_answers() -> None:
    assert decided(refuse={"status": 404}) == RefuseCall("desk", 404)
    assert decided(refer={"target_uri": "tel:1"}) == ReferCall("desk", "tel:1")


def test_an_agent_may_transfer_callers_where_its_plan_says() -> None:
    agent = {"name": "Ada", "tools": ["transfer_call"]}
    setup = decided(agents=[agent], transfer={"targets": {"billing": "tel:1", "desk": "tel:2"}})
    assert isinstance(setup, CallSetup)
    assert setup.transfer == transfer_to(billing="tel:1", desk="tel:2")
    (tool,) = setup.agent.tools
    assert tool.to_wire()["parameters"]["properties"]["target"]["enum"] == ["billing", "desk"]


def delegating(folder: Path, *, embedded: bool, **backend: Any) -> CallSetup:
    (folder / "key.txt").write_text("sk-1\n")
    tables = {
        "name": "desk",
        "session": {"script": "desk"},
        "agents": [{"name": "Ada", "tools": ["delegate"]}],
        "backend": {"name": "Back", "instructions": "Work.", "tools": ("a", "b"), **backend},
    }
    dialplan = Dialplan.model_validate(tables)
    tools = {
        name: function_tool(lambda: "x", name=name, needs_approval=name == "b")
        for name in ("a", "b")
    }
    setup = prepare_call(Plan(folder / "desk.toml", dialplan, tools), PROMPTS, embedded=embedded)
    assert isinstance(setup, CallSetup)
    return setup


def test_a_backend_has_its_tools_and_knows_which_need_approval(tmp_path: Path) -> None:
    setup = delegating(tmp_path, embedded=False, timeout_s=9.0)
    backend = setup.backend
    assert backend is not None
    assert [(tool.name, tool.needs_approval) for tool in backend.tools] == [
        ("a", False),
        ("b", True),
    ]
    (tool,) = setup.agent.tools
    assert isinstance(tool, FunctionTool)
    assert (tool.name, tool.timeout_s) == ("delegate", 9.0 + DELEGATE_MARGIN_S)


def test_a_backend_has_the_key_of_its_file_and_never_shows_it(tmp_path: Path) -> None:
    url = "https://x/v1"
    backend = delegating(tmp_path, embedded=False, url=url, api_key_file="key.txt").backend
    assert backend is not None
    assert (backend.url, backend.api_key) == (url, "sk-1")
    assert "sk-1" not in repr(backend)


def test_a_key_that_is_gone_when_the_plan_is_taken_is_told(tmp_path: Path) -> None:
    with pytest.raises(DialplanError, match=r"backend\.api_key_file: none\.txt does not exist"):
        delegating(tmp_path, embedded=False, api_key_file="none.txt")


def test_a_backend_on_the_embedded_engine_has_the_plans_script(tmp_path: Path) -> None:
    def prompt(**options: Any) -> object:
        backend = delegating(tmp_path, **options).backend
        return backend and backend.prompt

    assert prompt(embedded=True) == {"id": "desk", "variables": {"agent": "Back"}}
    assert prompt(embedded=False) is None
    assert prompt(embedded=True, url="http://x/v1") is None


def test_a_tone_has_no_words(tmp_path: Path) -> None:
    def filler(**backend: Any) -> str | None:
        made = delegating(tmp_path, embedded=False, **backend).backend
        return made.filler if made is not None else None

    assert filler(filler="Wait.") == "Wait."
    assert filler(filler="Wait.", filler_tone=True) == ""


def test_agents_are_told_of_digits_as_the_plan_says() -> None:
    def keypad(**table: Any) -> CallSetup:
        setup = decided(agents=[{"name": "Ada"}], keypad=table)
        assert isinstance(setup, CallSetup)
        return setup

    assert keypad().digits == DigitSettings("#", 2.0)
    assert keypad(end="", pause_s=4, count=3).digits == DigitSettings("", 4.0, 3)
    assert keypad(digits="none").digits is None
    assert keypad(in_band=True, barge_in=False).keypad == KeypadSetup(False, True)


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


def test_what_becomes_of_callers_without_an_agent_is_the_plans_choice(tmp_path: Path) -> None:
    tables = {
        "name": "desk",
        "agents": [{"name": "Ada", "instructions": "x"}],
        "session": {"ready_within_s": 2},
        "transfer": {"targets": {"desk": "tel:1"}},
        "fallback": {"not_ready": "refuse", "status": 480, "lost": "transfer", "target": "desk"},
    }
    plan = Plan(tmp_path / "desk.toml", Dialplan.model_validate(tables), {})
    setup = prepare_call(plan, PROMPTS, embedded=False)
    assert isinstance(setup, CallSetup)
    assert setup.policy.fallback == Fallback("refuse", "transfer", "apology", 480, "desk", "tel:1")
    assert setup.policy.ready_within_s == 2


def test_a_plan_may_limit_its_calls() -> None:
    agents = [{"name": "Ada", "instructions": "x"}]
    limits = {"max_duration_s": 60, "silence_s": 8, "goodbye": "Bye."}
    setup = decided(agents=agents, limits=limits)
    assert isinstance(setup, CallSetup)
    assert (setup.life.max_duration_s, setup.life.silence_s) == (60, 8)
    assert (setup.life.goodbye, setup.life.rtp_timeout_s) == ("Bye.", 30)


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
    setup = prepared(greeting="Hello")
    assert (setup.plan, setup.agent.name, setup.greeting) == ("desk", "Ada", "Hello")
    assert [tool.name for tool in setup.agent.tools] == ["hangup"]
    assert setup.prompts is PROMPTS
    assert setup.recording is None


def test_a_plan_says_what_its_line_is_like() -> None:
    line = {"codecs": ["G722", "PCMA"], "ptime_ms": 30, "on_resume": "Go on."}
    setup = decided(agents=[{"name": "Ada"}], line=line)
    assert isinstance(setup, CallSetup)
    assert setup.line == LineSetup("Go on.", LineWishes(("G722", "PCMA"), 30))
    assert prepared().line == LineSetup(BACK_AGAIN)


def test_a_session_speaks_what_the_plan_makes_of_the_offer() -> None:
    wishes = LineWishes(("PCMA", "G722"))
    assert leg_format(("PCMU/8000", "PCMA/8000"), wishes) is AudioFormat.PCMA
    assert leg_format(("PCMU/8000",), wishes) is AudioFormat.PCMU
    assert leg_format((), wishes) is AudioFormat.PCMA


def test_a_plan_may_record_its_calls() -> None:
    agents = [{"name": "Ada", "instructions": "x"}]
    asks = {"enabled": True, "consent": "ask", "consent_key": "1", "file_name": "{call_id}.wav"}
    setup = decided(agents=agents, recording=asks)
    assert isinstance(setup, CallSetup)
    assert setup.recording == RecordingSetup("ask", "1", "{call_id}.wav")


def test_a_call_whose_announcement_has_no_sound_is_not_recorded() -> None:
    agents = [{"name": "Ada", "instructions": "x"}]
    setup = decided(agents=agents, recording={"enabled": True, "consent": "announce"})
    assert isinstance(setup, CallSetup)
    assert (setup.recording, setup.policy.announces) == (None, False)


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


@settings(max_examples=40)
@given(
    session=st.fixed_dictionaries(
        {},
        optional={
            "voice": st.sampled_from(["marin", "x"]),
            "speed": st.floats(0.25, 1.5),
            "max_output_tokens": st.integers(1, 4_096),
            "noise_reduction": st.sampled_from(["near_field", "far_field", "none"]),
            "transcription": st.sampled_from([{"model": "none"}, {"language": "de"}]),
            "guardrail_every_chars": st.integers(1, 10_000),
            "barge_in": st.booleans(),
            "barge_in_confirm_ms": st.integers(0, 5_000),
            "turn_detection": st.fixed_dictionaries(
                {"type": st.sampled_from(["server_vad", "semantic_vad", "none"])},
                optional={
                    "threshold": st.floats(0, 1),
                    "prefix_padding_ms": st.integers(0, 10_000),
                    "silence_duration_ms": st.integers(0, 10_000),
                    "idle_timeout_ms": st.integers(5_000, 30_000),
                    "eagerness": st.sampled_from(["auto", "low", "medium", "high"]),
                },
            ),
        },
    )
)
def test_no_plan_asks_for_a_session_that_would_be_refused(session: dict[str, Any]) -> None:
    SessionOptions(**prepared(**session).session)


def test_every_range_of_a_plan_is_tried_above_and_lies_within_the_sessions() -> None:
    for key, value in (("speed", 1.51), ("max_output_tokens", 4_097)):
        with pytest.raises(ValidationError):
            prepared(**{key: value})
        with pytest.raises(ConfigError, match=key):
            SessionOptions(**{**prepared().session, key: value})
